"""What the detections and the model are worth: attacks put into made-up organizations, and recall at a budget."""

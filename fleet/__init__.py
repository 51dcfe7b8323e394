"""What a vehicle is, how it is commanded, and the link between controller and agent."""

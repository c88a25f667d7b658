"""Amazon Rekognition's interface: its clients work here unchanged, within what a grant allows."""

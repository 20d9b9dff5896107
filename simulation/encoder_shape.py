"""The camera encoder of policies trained here; apart from the network, which needs PyTorch."""

CONVOLUTIONS = ({'channels': 16, 'kernel': 5, 'stride': 2}, {'channels': 32, 'kernel': 3, 'stride': 2},
                {'channels': 64, 'kernel': 3, 'stride': 1})
KEYPOINTS, FEATURES = 32, 32
CHANNELS_OF_A_GROUP = 8

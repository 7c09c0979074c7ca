"""From nothing to the first prediction with torch.hub and torchvision or timm, as people write it today.

    python first_prediction_hub.py NETWORK PICTURE URL

NETWORK is `resnet50`, of torchvision, or `tf_efficientnet_lite0`, of timm; URL names a file in torch hub's cache.
"""

import sys
from typing import Any

from tests.benchmarks.programs.stamps import Stamp, report


def main(network: str, picture: str, url: str) -> None:
    """Import, load, predict."""
    import torch
    import torchvision
    from PIL import Image

    if network == "tf_efficientnet_lite0":
        import timm
    imported = Stamp.now()

    model: Any
    if network == "tf_efficientnet_lite0":
        model = timm.create_model(network)
        data: Any = timm.data
        transforms = data.create_transform(**data.resolve_model_data_config(model))
        labels = data.ImageNetInfo().label_descriptions()
    else:
        model = torchvision.models.resnet50(weights=None)
        entry = torchvision.models.ResNet50_Weights.IMAGENET1K_V2
        transforms = entry.transforms()
        labels = entry.meta["categories"]
    model.load_state_dict(torch.hub.load_state_dict_from_url(url, check_hash=True, progress=False))
    model.eval()
    loaded = Stamp.now()

    with torch.inference_mode():
        probabilities_K = model(transforms(Image.open(picture).convert("RGB")).unsqueeze(0)).softmax(1)[0]
    best = probabilities_K.topk(5)
    assert all(labels[index] for index in best.indices.tolist())
    predicted = Stamp.now()
    report(
        imported=imported,
        loaded=loaded,
        predicted=predicted,
        index=int(best.indices[0]),
        probability=float(best.values[0]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

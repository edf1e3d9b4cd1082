#!/bin/sh
# Trains on a GPU everything that ships or is compared with it, in calls of at most ten minutes: call it again while its
# exit code is 3. A stage is done when its checkpoint lies in OUT. The datasets may be the zips they are published as; all
# pictures lie on the device, where they are augmented, and networks run in bfloat16.
#
#   sh tools/train_gpu.sh MARKET1501 CUHK03 OUT
#
# MARKET1501: folder with the dataset or its zips, and market_attribute.mat. CUHK03: the detected crops, folder or zip.
# IMAGENET may be a folder with ImageNet weights, ARCHITECTURE.pth (alexnet.pth, resnet34.pth ...): without it, networks
# that begin with ImageNet begin with random weights. PYTHON, DEVICE, MINUTES and STEPS (for a short trial) may be set.
set -eu
market=$1 cuhk03=$2 out=$3
python=${PYTHON:-python}
device=${DEVICE:-cuda}
minutes=${MINUTES:-9}
root=$(dirname "$0")/..
weights=$root/surveil/weights
mkdir -p "$out"
end=$(($(date +%s) + minutes * 60))

stage() { # recipe, more options of fit
    name=$1
    shift
    [ -e "$out/$name.safetensors" ] && return
    left=$((end - $(date +%s)))
    [ "$left" -gt 0 ] || exit 3
    recipe=$out/$name.toml
    sed "s/^steps = \(.*\)/steps = ${STEPS:-\\1}/" "$root/configs/training/$name.toml" >"$recipe"
    backbone=${IMAGENET:-}/$(sed -n 's/^architecture = "\([a-z0-9]*\).*/\1/p' "$recipe").pth
    if grep -q '^pretrained = true' "$recipe"; then
        if [ -e "$backbone" ]; then
            set -- "$@" --backbone-weights "$backbone"
        else # a backbone that begins with random weights learns as fast as the rest
            sed -i 's/^pretrained = true/pretrained = false/; s/^backbone_rate = .*/backbone_rate = 1.0/' "$recipe"
        fi
    fi
    "$python" -m training fit "$recipe" --data "$market" --cuhk03 "$cuhk03" --lessons "$out/lessons" \
        --minutes "$(echo "$left" | awk '{ print $1 / 60 }')" --out "$out/$name" --device "$device" "$@"
    "$python" -m training export "$out/$name" --data "$market" --out "$out/$name.safetensors" --device "$device"
}

# The default model with its trunk unfrozen, then the paper's network, taught by it.
stage osnet_attention_whole --start "$weights/osnet_attention.safetensors"
stage resnet34_attention_taught_256 --start "$weights/resnet34_attention.safetensors" \
    --teacher "$out/osnet_attention_whole.safetensors"
# Where the paper begins: its five baselines, and its network with attribute losses alone.
for name in alexnet resnet18 resnet34 resnet50 densenet121 resnet34_attention; do
    stage "$name"
done

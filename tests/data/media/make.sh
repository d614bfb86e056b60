#!/bin/sh
# Makes the films of this folder anew with ffmpeg 5.1 (libx264, libx265, libvpx, libaom). The README
# says what each is for. Encoders differ from version to version: the tests need the content, not
# these very bytes.
set -eu
cd "$(dirname "$0")"
run="ffmpeg -hide_banner -loglevel error -y -bitexact"

# numbers FRAMES RATE [WxH]: films whose frame N shows N in binary, one block a bit, from the top
# left, white for 1: four blocks across, two down.
numbers() {
    size=${3:-64x48}
    echo "-f lavfi -i color=black:size=$size:rate=$2,format=yuv420p,trim=end_frame=$1,geq=lum='if(mod(floor(N/pow(2,floor(4*X/W)+4*floor(2*Y/H))),2),235,16)':cb=128:cr=128"
}
x264="-c:v libx264 -preset medium -crf 18 -threads 1 -pix_fmt yuv420p"

$run $(numbers 200 25) $x264 -x264-params keyint=1000:bframes=0 one_gop.mp4
$run $(numbers 120 25) $x264 -x264-params keyint=24:min-keyint=24:bframes=3:b-pyramid=normal:scenecut=0 closed_gop.mp4
$run $(numbers 120 25) $x264 -x264-params keyint=24:min-keyint=24:bframes=3:open-gop=1:scenecut=0 open_gop.mp4
$run $(numbers 120 25) -c:v libx265 -preset fast -crf 18 -tag:v hvc1 \
    -x265-params keyint=20:min-keyint=20:bframes=4:open-gop=1:scenecut=0:log-level=error:pools=1:frame-threads=1 open_gop_hevc.mkv
$run $(numbers 120 30000/1001) $x264 -x264-params keyint=30:bframes=2 ntsc.mkv
$run $(numbers 100 60) -c:v libvpx-vp9 -crf 20 -b:v 0 -g 30 -threads 1 sixty.webm
$run $(numbers 90 24) -c:v libvpx -crf 8 -b:v 300k -g 20 -auto-alt-ref 1 -lag-in-frames 10 -threads 1 -f webm - > no_index.webm
$run $(numbers 60 25) $x264 -x264-params keyint=15:bframes=2 -output_ts_offset 7.48 late_start.mkv
$run -ss 1.36 -i closed_gop.mp4 -c copy -map_metadata -1 edit_list.mp4
$run $(numbers 90 25) -vf "select='lt(n,20)+eq(mod(n,7),0)+gt(n,70)'" -fps_mode vfr $x264 -x264-params keyint=12:bframes=2 variable.mp4
$run -i variable.mp4 -c copy variable.mkv
$run $(numbers 80 25) -c:v mpeg4 -q:v 3 -bf 2 -g 16 -threads 1 mpeg4.avi
$run $(numbers 80 25) $x264 -x264-params keyint=16:bframes=2 h264.avi
$run $(numbers 30 10) -vf scale=out_range=full -c:v mjpeg -q:v 4 -pix_fmt yuvj420p -threads 1 mjpeg.mov
$run $(numbers 30 10) -c:v libaom-av1 -cpu-used 8 -crf 20 -g 10 -threads 1 av1.mp4
$run $(numbers 80 25) $x264 -x264-params keyint=16:bframes=2 -movflags +frag_keyframe+empty_moov fragmented.mp4
$run $(numbers 200 25 32x24) $x264 -x264-params keyint=40:bframes=2 -movflags +faststart index_first.mp4

# Turned films: the matrix says so, the stored frame is the same.
$run $(numbers 10 10) $x264 plain.mp4
for angle in 90 180 270; do
    $run -i plain.mp4 -c copy -metadata:s:v:0 rotate=$angle rotated_$angle.mp4
done
rm plain.mp4

# Size changes in the middle: 64x48, then 96x72 from frame 20 on.
$run $(numbers 20 10) -c:v libvpx-vp9 -crf 20 -b:v 0 -threads 1 part1.webm
$run $(numbers 20 10 96x72) -c:v libvpx-vp9 -crf 20 -b:v 0 -threads 1 part2.webm
printf 'file part1.webm\nfile part2.webm\n' > parts.txt
$run -f concat -i parts.txt -c copy size_change.webm
rm part1.webm part2.webm parts.txt

# Colours: one flat colour (R 200, G 60, B 30) through each matrix and range.
flat="-f lavfi -i color=0xC83C1E:size=64x48:rate=5,format=gbrp,trim=end_frame=3"
for matrix in bt601 bt709; do
    for range in tv pc; do
        space=$matrix
        [ $matrix = bt601 ] && space=smpte170m
        $run $flat -vf scale=out_color_matrix=$matrix:out_range=$range,format=yuv420p \
            $x264 -colorspace $space -color_range $range flat_${matrix}_$range.mp4
    done
done

# Not films.
$run -f lavfi -i sine=frequency=440:duration=0.5 -c:a aac -b:a 32k sound.m4a
$run -f lavfi -i sine=frequency=440:duration=0.5 -i ../vectors/image_modes/rgb.png -map 0 -map 1 \
    -c:a libmp3lame -b:a 32k -c:v copy -disposition:v attached_pic cover.mp3
$run -f lavfi -i sine=frequency=440:duration=0.5 -i ../vectors/image_modes/baseline_420.jpg -map 0 -map 1 \
    -c:a aac -b:a 32k -c:v copy -disposition:v attached_pic cover.m4a

# Pictures that only FFmpeg writes here.
$run -i ../vectors/image_modes/baseline_444.jpg -frames:v 1 -c:v libaom-av1 -still-picture 1 -crf 10 -pix_fmt yuv444p still.avif

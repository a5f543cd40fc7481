#!/bin/sh
# The client that docker/volume runs, as far as it needs one: mount and unmount by Docker's plugin protocol.
for word in "$@"; do
  case "$word" in
    --volumedriver=*) driver=${word#*=} ;;
    --volumename=*) name=${word#*=} ;;
  esac
done
call() { curl -s --unix-socket "$DVDCLI_SOCKETS/$driver.sock" -d "{\"Name\":\"$name\",\"ID\":\"dvdcli\"}" "http://d/VolumeDriver.$1"; }
case "$1" in
  mount) call Mount | sed -n 's/.*"Mountpoint": *"\([^"]*\)".*/\1/p' ;;
  unmount) call Unmount > /dev/null ;;
esac

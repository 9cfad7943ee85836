#!/bin/sh
# Himmelblau's function, and how far its argument is from the origin: two goals that pull in different directions.
# A program of any kind becomes a trial by what it prints.
x=$1
y=$2
awk -v x="$x" -v y="$y" 'BEGIN {
    value = (x * x + y - 11) ^ 2 + (x + y * y - 7) ^ 2
    printf "himmelblau=%.6f distance=%.6f\n", value, sqrt(x * x + y * y)
}'

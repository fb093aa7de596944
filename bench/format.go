//go:build linux

package main

import (
	"fmt"
	"strconv"
)

// grouped writes a number without decimals, with commas between thousands.
func grouped(value float64) string {
	text := strconv.FormatFloat(value, 'f', 0, 64)
	start := len(text) % 3
	out := text[:start]
	for i := start; i < len(text); i += 3 {
		if out != "" && out != "-" {
			out += ","
		}
		out += text[i : i+3]
	}
	return out
}

func perSecond(value float64) string { return grouped(value) + "/s" }

// micros writes microseconds in the unit that suits their size.
func micros(value float64) string {
	switch {
	case value < 1e3:
		return fmt.Sprintf("%.0f µs", value)
	case value < 1e6:
		return fmt.Sprintf("%.2f ms", value/1e3)
	}
	return fmt.Sprintf("%.2f s", value/1e6)
}

func mebibytes(value float64) string { return fmt.Sprintf("%.0f MiB", value) }

func millis(value float64) string { return fmt.Sprintf("%.0f ms", value) }

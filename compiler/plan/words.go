package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// inCores is a number of thousandths of a core, in cores.
func inCores(milli int64) string {
	sign := ""
	if milli < 0 {
		sign, milli = "-", -milli
	}
	return fmt.Sprintf("%s%d.%03d", sign, milli/1000, milli%1000)
}

// ofCores is a number of cores.
func ofCores(n int) string {
	if n == 1 {
		return "1 core"
	}
	return fmt.Sprintf("%d cores", n)
}

// count is a number with its thousands apart.
func count(n float64) string {
	if n < 10 && n != float64(int64(n)) {
		return strconv.FormatFloat(n, 'f', 2, 64)
	}
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// bytesInWords is a number of bytes in powers of 1,000, as disks and networks have them,
// with three digits.
func bytesInWords(n float64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"PB", 1e15}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}} {
		if n >= unit.size {
			v := n / unit.size
			digits := 2
			if v >= 100 {
				digits = 0
			} else if v >= 10 {
				digits = 1
			}
			return strconv.FormatFloat(v, 'f', digits, 64) + " " + unit.name
		}
	}
	return strconv.FormatFloat(n, 'f', 0, 64) + " B"
}

// memoryInWords is a number of bytes in powers of 1,024, as memory has them.
func memoryInWords(n int64) string {
	if n >= 1<<30 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/(1<<30)), ".0") + " GiB"
	}
	return fmt.Sprintf("%d MiB", (n+1<<20-1)>>20)
}

// inTime is a number of seconds, in the unit that fits.
func inTime(seconds float64) string {
	switch {
	case seconds >= 2*secondsOfDay:
		return fmt.Sprintf("%.1f days", seconds/secondsOfDay)
	case seconds >= 2*60*60:
		return fmt.Sprintf("%.1f hours", seconds/60/60)
	case seconds >= 120:
		return fmt.Sprintf("%.0f minutes", seconds/60)
	case seconds >= 1:
		return fmt.Sprintf("%.0f seconds", seconds)
	}
	return fmt.Sprintf("%.2f seconds", seconds)
}

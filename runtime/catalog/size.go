package catalog

import (
	"math"
	"strconv"
	"strings"
)

// ParseSize reads a size as configs write it: bytes, or a number with B, KB,
// MB, GB (powers of 1,000) or KiB, MiB, GiB (powers of 1,024).
func ParseSize(text string) (bytes int64, ok bool) {
	number, unit := strings.TrimSpace(text), int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}} {
		if cut, found := strings.CutSuffix(number, u.suffix); found {
			number, unit = strings.TrimSpace(cut), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An lsn is a place in the server's log of changes. As text it is two hexadecimal
// numbers, as the server writes it: 16/B374D848.
type lsn uint64

func (l lsn) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

func parseLSN(text string) (lsn, error) {
	high, low, ok := strings.Cut(text, "/")
	a, errHigh := strconv.ParseUint(high, 16, 32)
	b, errLow := strconv.ParseUint(low, 16, 32)
	if !ok || errHigh != nil || errLow != nil {
		return 0, fmt.Errorf("%q is no place in the log of a server", text)
	}
	return lsn(a<<32 | b), nil
}

// epoch is where the server's clock begins: its times are microseconds from there.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func serverTime(micros int64) time.Time {
	return time.UnixMicro(epoch.UnixMicro() + micros).UTC()
}

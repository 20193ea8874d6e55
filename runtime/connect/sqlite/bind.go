package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/row"
)

// bind makes the first value of a record one for SQLite; texts keep integers too
// as text.
func bind(record []byte, text bool) (_ driver.Value, rest []byte, err error) {
	v, rest := row.Next(record)
	switch v.Kind {
	case row.Null:
		return nil, rest, nil
	case row.False:
		return int64(0), rest, nil
	case row.True:
		return int64(1), rest, nil
	case row.Int, row.Duration:
		return v.Num, rest, nil
	case row.Uint:
		if text {
			return strconv.FormatUint(uint64(v.Num), 10), rest, nil
		}
		if v.Num < 0 {
			return nil, nil, fmt.Errorf("%d is larger than an INTEGER can be: make the column TEXT", uint64(v.Num))
		}
		return v.Num, rest, nil
	case row.Float:
		f := v.Float()
		if math.IsNaN(f) {
			return nil, nil, errors.New("NaN would be stored as null")
		}
		return f, rest, nil
	case row.Bytes:
		return v.Bytes, rest, nil
	case row.Time:
		t := v.Time()
		if y := t.Year(); y < 0 || y > 9999 {
			return nil, nil, fmt.Errorf("RFC 3339 has no form for the year %d", y)
		}
		if v.Offset%60 != 0 {
			return nil, nil, fmt.Errorf("RFC 3339 has no form for an offset of %d seconds", v.Offset)
		}
		return t.Format(time.RFC3339Nano), rest, nil
	}
	return string(v.Bytes), rest, nil
}

package data

import (
	"math"
	"strconv"
	"time"
)

var entryTypes = []string{"payment", "trade", "transfer"}

// entry appends the i-th event of the 227 B kind. Event time goes up by step,
// with up to two seconds of disorder, as feeds from several producers have.
func (s *source) entry(b []byte, i int, step time.Duration) []byte {
	b = append(b, `{"id":"`...)
	b = s.letters(b, hex, 16)
	b = append(b, `","type":"`...)
	b = append(b, pick(s, entryTypes)...)
	b = append(b, `","at":"`...)
	b = timestamp(b, start.Add(time.Duration(i)*step+time.Duration(s.Int64N(int64(2*time.Second)))))
	b = append(b, `","account":"`...)
	b = append(b, pick(s, s.accounts)...)
	b = append(b, `","asset":"`...)
	b = append(b, pick(s, s.assets).code...)
	b = append(b, `","amount":"`...)
	b = stroops(b, int64(math.Pow(10, 7+5*s.Float64())))
	b = append(b, `","price":"`...)
	b = stroops(b, int64(math.Pow(10, 6+2*s.Float64())))
	b = append(b, `","ledger":`...)
	b = strconv.AppendInt(b, 51_000_000+int64(i/300), 10)
	b = append(b, `,"ok":`...)
	b = strconv.AppendBool(b, s.IntN(10) > 0)
	return append(b, '}')
}

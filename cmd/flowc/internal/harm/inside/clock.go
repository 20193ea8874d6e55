//go:build unix

package inside

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

// jumping is a clock that is set forwards and backwards; nil where it is not.
var jumping = func() *struct {
	sync.Mutex
	rnd   *rand.Rand
	until int
	by    int64 // seconds
} {
	seed, err := strconv.ParseUint(os.Getenv(Jumps), 10, 64)
	if err != nil {
		return nil
	}
	return &struct {
		sync.Mutex
		rnd   *rand.Rand
		until int
		by    int64
	}{rnd: rand.New(rand.NewPCG(seed, 7))}
}()

// Now is time.Now of a clock that somebody sets, by up to a day, every few looks. The
// monotonic clock is what it was, as on a real machine: what measures durations by it
// sees nothing.
func Now() time.Time {
	t := time.Now() //nolint:forbidigo // it is the clock of programs, and compiles nothing
	j := jumping
	if j == nil {
		return t
	}
	j.Lock()
	defer j.Unlock()
	if j.until--; j.until < 0 {
		j.until = j.rnd.IntN(20)
		j.by = j.rnd.Int64N(2*86400) - 86400
	}
	// The wall clock stands in the first word of a Time, in seconds above 30 bits of
	// nanoseconds and below one that tells that the monotonic clock is there.
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall = uint64(int64(*wall) + j.by<<30)
	return t
}

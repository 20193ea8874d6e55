package kafka

// A waiting is how much of what a process wrote lies in the partitions of an edge and
// was not read yet. Kafka itself bounds a topic by dropping what is oldest, read or not,
// and knows of no writer that would have to wait.
type waiting struct {
	limit int64
	bytes int64
	lots  [][]lot // by partition
}

// A lot is what was written at one time: up to an offset, and how much.
type lot struct{ last, bytes int64 }

// lots is in how many parts the limit is divided: fewer are less exact.
const lots = 1024

func newWaiting(limit int64, partitions int) waiting {
	return waiting{limit: limit, lots: make([][]lot, partitions)}
}

// add notes what was written to an offset.
func (w *waiting) add(partition int, offset, bytes int64) {
	w.bytes += bytes
	own := w.lots[partition]
	if n := len(own); n > 0 && own[n-1].bytes < w.limit/lots {
		own[n-1] = lot{offset, own[n-1].bytes + bytes}
		return
	}
	w.lots[partition] = append(own, lot{offset, bytes})
}

// passed notes that a partition begins at an offset now.
func (w *waiting) passed(partition int, begin int64) {
	if partition >= len(w.lots) {
		return
	}
	n := 0
	for _, l := range w.lots[partition] {
		if l.last >= begin {
			break
		}
		w.bytes -= l.bytes
		n++
	}
	w.lots[partition] = w.lots[partition][n:]
}

// full tells that nothing more is to be written for now.
func (w *waiting) full() bool { return w.bytes >= w.limit }

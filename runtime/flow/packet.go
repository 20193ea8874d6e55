package flow

import "sync"

// outState is what the engine knows about a packet.
type outState struct {
	// parts are the tickets of the batches that the packet's records came from.
	parts []part
	// origins has, where the target asked for it, the place of each record in
	// its source's batch.
	origins []origin
	// order has the row of each record in its batch, for reassembly behind
	// keyed lanes.
	order []uint32

	// carried is what rows may hold beside Data: the bytes that they were decoded
	// from.
	carried int

	wantsOrigins, wantsOrder bool
	// markData and markCount are what Lane.Mark remembered.
	markData, markCount int
}

// A part of a packet: the records from:until came from one batch. Where parts
// overlap, several batches are mixed.
type part struct {
	ticket      *ticket
	from, until int
}

// An origin is the place of a record in the batch of the packet's part.
type origin struct {
	part       uint32
	start, end uint32
	index      uint32
}

// noPart marks an origin that is not known.
const noPart = ^uint32(0)

// A shape says which columns the packets of a target have.
type shape struct {
	ends, origins, order bool
	keys                 int
	rows                 *Rows
}

// A depot keeps the empty packets of one target. There are never more of them
// than are in flight, so it needs no bound of its own.
type depot struct {
	shape
	spares *spares

	mu   sync.Mutex
	free []*Out
	kept int // what the free ones hold beyond a BlockSize each
}

func (d *depot) get() *Out {
	d.mu.Lock()
	if n := len(d.free); n > 0 {
		o := d.free[n-1]
		d.free = d.free[:n-1]
		d.kept -= excess(o.Data)
		d.mu.Unlock()
		return o
	}
	d.mu.Unlock()
	o := &Out{}
	o.engine.wantsOrigins, o.engine.wantsOrder = d.origins, d.order
	if d.keys > 0 {
		o.Keys = make([][]string, d.keys)
	}
	if d.rows != nil {
		o.Rows = d.rows.New()
	}
	return o
}

func (d *depot) put(o *Out) {
	d.empty(o)
	d.mu.Lock()
	if n := excess(o.Data); d.kept+n > LongBytes {
		d.spares.put(o.Data)
		o.Data = nil
	} else {
		d.kept += n
	}
	d.free = append(d.free, o)
	d.mu.Unlock()
}

// room gets a packet ready for n more bytes of records, where these are longer
// than what a packet holds anyway.
func (d *depot) room(o *Out, n int) {
	if n > BlockSize {
		o.Data = d.spares.room(o.Data, n)
	}
}

// empty makes a packet ready to be filled again.
func (d *depot) empty(o *Out) {
	o.Reset()
	if cap(o.Data) >= spareBytes { // one huge record must not cost its memory for ever
		d.spares.put(o.Data)
		o.Data = nil
	}
	switch {
	case d.rows == nil:
	case o.engine.carried > BlockSize: // what the rows point to goes with them
		o.Rows = d.rows.New()
	default:
		d.rows.Truncate(o.Rows, 0)
	}
	clear(o.engine.parts)
	o.engine.parts = o.engine.parts[:0]
	o.engine.origins = o.engine.origins[:0]
	o.engine.order = o.engine.order[:0]
	o.engine.carried = 0
}

// cut shortens a packet to what it was when it held count records and data
// bytes.
func (s *shape) cut(o *Out, data, count int) {
	o.Data = o.Data[:min(data, len(o.Data))]
	if o.Count > 0 {
		o.engine.carried = int(int64(o.engine.carried) * int64(count) / int64(o.Count))
	}
	o.Count = count
	if len(o.Ends) > count {
		o.Ends = o.Ends[:count]
	}
	if len(o.Hashes) > count {
		o.Hashes = o.Hashes[:count]
	}
	for i := range o.Keys {
		if len(o.Keys[i]) > count {
			o.Keys[i] = o.Keys[i][:count]
		}
	}
	if s.rows != nil && s.rows.Len(o.Rows) > count {
		s.rows.Truncate(o.Rows, count)
	}
	if len(o.engine.origins) > count {
		o.engine.origins = o.engine.origins[:count]
	}
	if len(o.engine.order) > count {
		o.engine.order = o.engine.order[:count]
	}
}

// divisible tells whether single records of a packet can be taken out.
func (s *shape) divisible() bool { return s.ends || s.rows != nil }

// bytes is the record's encoded form in the packet; nil where it has none.
func (s *shape) bytes(o *Out, index int) []byte {
	if index >= len(o.Ends) {
		return nil
	}
	start := uint32(0)
	if index > 0 {
		start = o.Ends[index-1]
	}
	return o.Data[start:o.Ends[index]]
}

// base gets dst ready for records of src (of the same shape): where rows point
// into Data and nothing tells which bytes are whose, all of it comes along, and
// base is what their spans move by.
func (s *shape) base(dst, src *Out) (base int) {
	base = len(dst.Data)
	if s.rows != nil && !s.ends {
		dst.Data = append(dst.Data, src.Data...)
	}
	return base
}

// append adds the records from:to of src to dst, without their tickets. A shape
// that is not divisible takes all of src.
func (s *shape) append(dst, src *Out, from, to, base int) {
	if s.rows != nil {
		before := s.rows.Len(dst.Rows)
		s.rows.Append(dst.Rows, src.Rows, from, to)
		if base > 0 && !s.ends && s.rows.Shift != nil {
			s.rows.Shift(dst.Rows, before, base)
		}
	}
	switch {
	case s.ends:
		start := uint32(0)
		if from > 0 {
			start = src.Ends[from-1]
		}
		shift := uint32(len(dst.Data)) - start
		dst.Data = append(dst.Data, src.Data[start:src.Ends[to-1]]...)
		for _, end := range src.Ends[from:to] {
			dst.Ends = append(dst.Ends, end+shift)
		}
	case s.rows == nil:
		dst.Data = append(dst.Data, src.Data...)
	}
	if len(src.Hashes) > 0 {
		dst.Hashes = append(dst.Hashes, src.Hashes[from:to]...)
	}
	for i := range src.Keys {
		dst.Keys[i] = append(dst.Keys[i], src.Keys[i][from:to]...)
	}
	if s.origins {
		dst.engine.origins = append(dst.engine.origins, src.engine.origins[from:to]...)
	}
	dst.Count += to - from
	if src.Count > 0 {
		dst.engine.carried += int(int64(src.engine.carried) * int64(to-from) / int64(src.Count))
	}
}

// ticketOf finds the ticket of a record; nil where there is none, or where
// several batches are mixed and nothing tells them apart.
func (o *Out) ticketOf(index int) (found *ticket) {
	st := &o.engine
	if index < len(st.origins) {
		if n := st.origins[index].part; n != noPart && int(n) < len(st.parts) {
			return st.parts[n].ticket
		}
	}
	for _, p := range st.parts {
		if p.from <= index && index < p.until {
			if found != nil {
				return nil
			}
			found = p.ticket
		}
	}
	return found
}

// failRecord tells all whose record this may be.
func (o *Out) failRecord(index int, err error) {
	if t := o.ticketOf(index); t != nil {
		t.fail(err)
		return
	}
	for _, p := range o.engine.parts {
		if p.from <= index && index < p.until {
			p.ticket.fail(err)
		}
	}
}

// failAll tells all who wait for a record of the packet.
func (o *Out) failAll(err error) {
	for _, p := range o.engine.parts {
		p.ticket.fail(err)
	}
}

// awaited tells whether a sender waits for a record of the packet.
func (o *Out) awaited() bool {
	for _, p := range o.engine.parts {
		if p.ticket.onDone != nil {
			return true
		}
	}
	return false
}

// answerable tells whether senders wait for the answer to all that a record may
// belong to.
func (o *Out) answerable(index int) bool {
	any := false
	for _, p := range o.engine.parts {
		if p.from <= index && index < p.until {
			if p.ticket.onDone == nil {
				return false
			}
			any = true
		}
	}
	return any
}

// footprint is what a packet counts for in a queue that is bounded in bytes.
func (s *shape) footprint(o *Out) int {
	n := len(o.Data)
	if s.rows != nil {
		n = max(n, o.engine.carried) + s.rows.Size*o.Count
	}
	return n
}

package flow

// Pass completes the count of a node that hands on each record once or not at
// all, and returns how many it handed on. Loops call it in Settle, node by
// node behind their head: what one hands on is what the next one gets.
func (l *Lane) Pass(node int, in, filtered int64) int64 {
	c := &l.Counts[node]
	out := in - filtered - c.Lost()
	c.In += in
	c.Filtered += filtered
	c.Out += out
	c.Emitted += out
	return out
}

// Spread completes the count of a node that hands on any number of records for
// one: empty is the number of those that gave none.
func (l *Lane) Spread(node int, in, empty, emitted int64) {
	c := &l.Counts[node]
	c.In += in
	c.Filtered += empty
	c.Out += in - empty - c.Lost()
	c.Emitted += emitted
}

// Refused completes the count of a node whose records failed before they reached
// it: when they were encoded for a sink, or their key was computed for a queue.
func (l *Lane) Refused(node int) {
	l.Counts[node].In += l.Counts[node].Lost()
}

package frame

// A Header is the first row of a table, which names its columns. A reader gives
// it along with each block (as flow.Batch.Frame): the same pointer for all
// blocks of one table, so that it is read once.
type Header struct {
	// Row is the row without its line end.
	Row []byte
}

// HeaderRow is Row, for those who know of no framers.
func (h *Header) HeaderRow() []byte { return h.Row }

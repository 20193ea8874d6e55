package lower

import (
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

const (
	// rowGroupHolds is how many bytes the writing of a row group needs for each of
	// its bytes: the rows, room that they grow into, and the pages that they
	// become.
	rowGroupHolds = 3
	// parquetMemory is what it needs beside that: a page, and the dictionary, of
	// each of a few dozen columns.
	parquetMemory = 16 << 20
	// parquetReads is what reading needs: a page of each of a few dozen columns, as
	// it is and compressed.
	parquetReads = 56 << 20
)

// parquetSink checks the config of a sink of Parquet files, and adds what it holds
// in memory.
func (w *lowering) parquetSink(n *node, op *ir.Sink) {
	l := literalsOf(op.Config)
	group, ok := catalog.ParseSize(l.text("parquet.row_group"))
	if !ok {
		group = defaultSize(n, "parquet.row_group")
	}
	op.Facts.Memory += parquetMemory + rowGroupHolds*group
	if v := l["compression"]; v != nil && v.Text() != "" && v.Text() != "none" {
		w.l.Errorf(diag.KeyConflict, v.Span, "a Parquet file is compressed page by page, not as a whole").
			Helpf("write `parquet: {compression: %s}` instead", v.Text())
	}
	if v := l["parquet.decimals"]; v != nil && v.Text() != "text" {
		if places, err := strconv.Atoi(v.Text()); err != nil || places < 0 || places > 38 {
			w.l.Errorf(diag.BadValue, v.Span, "`parquet.decimals` must be `text`, or a number of places from 0 to 38, not `%s`", v.Text())
		}
	}
}

// defaultSize is the default of a sink's key that is a size.
func defaultSize(n *node, key string) int64 {
	if c, ok := catalog.Lookup(n.Use.Text); ok && c.Sink != nil {
		for _, k := range c.Sink.Keys {
			if size, ok := catalog.ParseSize(k.Default); ok && k.Name == key {
				return size
			}
		}
	}
	return 0
}

// parquetSource checks the config of a source of Parquet files.
func (w *lowering) parquetSource(op *ir.Source) {
	op.Facts.Memory += parquetReads
	l := literalsOf(op.Config)
	if v := l["compression"]; v != nil && v.Text() != "" && v.Text() != "none" {
		w.l.Errorf(diag.KeyConflict, v.Span, "a Parquet file says itself how its pages are compressed").Helpf("remove `compression`")
	}
	if v := l["follow"]; v != nil && strings.EqualFold(v.Text(), "true") {
		w.l.Errorf(diag.BadValue, v.Span, "`follow` reads files that grow, and a Parquet file is whole, or it is nothing").
			Helpf("remove `follow`, and run the pipeline again when there are new files")
	}
}

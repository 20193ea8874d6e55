package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// Behind the description of a row group stand its length (4 bytes), the length of
// the whole group (8 bytes), the check sum of the description and these two, and a
// word by which it is known.
const trailerBytes = 4 + 8 + 4 + 4

var (
	trailerMagic = []byte("FLRG")
	castagnoli   = crc32.MakeTable(crc32.Castagnoli)
)

// appendTrailer appends to a description what follows it.
func appendTrailer(meta []byte, group int64) []byte {
	out := binary.LittleEndian.AppendUint32(meta, uint32(len(meta)))
	out = binary.LittleEndian.AppendUint64(out, uint64(group))
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
	return append(out, trailerMagic...)
}

// errTorn is a file that does not end with a row group of this package's.
var errTorn = errors.New("the end of a row group was expected there, and it is not: the file was changed by another program")

// Groups finds the row groups of a file up to a length.
func (w *Writer) Groups(file io.ReaderAt, length int64) ([]connect.ParquetGroup, error) {
	var groups []connect.ParquetGroup
	begin := int64(len(connect.ParquetMagic))
	for end := length; end > begin; {
		g, err := w.groupBefore(file, begin, end)
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
		end -= g.Bytes
	}
	slices.Reverse(groups)
	return groups, nil
}

// groupBefore finds the row group that ends at a byte of a file.
func (w *Writer) groupBefore(file io.ReaderAt, begin, end int64) (g connect.ParquetGroup, err error) {
	var t [trailerBytes]byte
	if end-begin < trailerBytes {
		return g, errTorn
	}
	if _, err := file.ReadAt(t[:], end-trailerBytes); err != nil {
		return g, err
	}
	length := int64(binary.LittleEndian.Uint32(t[:]))
	g.Bytes = int64(binary.LittleEndian.Uint64(t[4:]))
	if !bytes.Equal(t[16:], trailerMagic) || g.Bytes < trailerBytes || g.Bytes > end-begin || length > g.Bytes-trailerBytes {
		return g, errTorn
	}
	g.Meta = make([]byte, length)
	if _, err := file.ReadAt(g.Meta, end-trailerBytes-length); err != nil {
		return g, err
	}
	if whole := appendTrailer(slices.Clip(g.Meta), g.Bytes); !bytes.Equal(whole[length:], t[:]) {
		return g, errTorn
	}
	d, err := w.parts(g.Meta)
	g.Rows = d.group.NumRows
	return g, err
}

// Whole finds the row groups of a file that has its footer: the indexes of pages
// stand before that, the first one right behind the last row group.
func (w *Writer) Whole(file io.ReaderAt, size int64) (groups []connect.ParquetGroup, end int64, err error) {
	n, err := footerLength(file, size)
	if err != nil {
		return nil, 0, err
	}
	end = size - tailBytes - n
	footer := make([]byte, n)
	if _, err := file.ReadAt(footer, end); err != nil {
		return nil, 0, err
	}
	var meta format.FileMetaData
	if err := thrift.Unmarshal(&w.protocol, footer, &meta); err != nil {
		return nil, 0, errTorn
	}
	for _, g := range meta.RowGroups {
		for _, c := range g.Columns {
			if c.ColumnIndexOffset > 0 {
				end = min(end, c.ColumnIndexOffset)
			}
		}
	}
	groups, err = w.Groups(file, end)
	return groups, end, err
}

// tailBytes are those behind the footer: its length, and what a Parquet file ends
// with.
const tailBytes = 8

// footerLength is the length of a file's footer.
func footerLength(file io.ReaderAt, size int64) (int64, error) {
	magic := int64(len(connect.ParquetMagic))
	if size < magic+tailBytes {
		return 0, fmt.Errorf("it has %d bytes, which is no Parquet file", size)
	}
	var tail [tailBytes]byte
	if _, err := file.ReadAt(tail[:], size-tailBytes); err != nil {
		return 0, err
	}
	if string(tail[4:]) == "PARE" {
		return 0, errors.New("it is encrypted, which is not read")
	}
	if string(tail[4:]) != connect.ParquetMagic {
		return 0, errors.New("it does not end as a Parquet file does: it is another format, or not whole")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n == 0 || n > size-magic-tailBytes {
		return 0, errors.New("its footer is damaged: it would begin before the file")
	}
	return n, nil
}

package file

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// frameBytes is how many rows stand in one frame of the file beside, unless one
// packet has more: what is read back at once.
const frameBytes = 256 << 10

// A table is what a Parquet file has beside it while it is written: the row groups
// that are in it, and the rows of the next one.
//
// Rows become a row group when there are enough of them, however often there are
// checkpoints. Until then they are held in memory, and a checkpoint makes those
// durable in a file beside, to which there is one for each row group. That file
// also takes the rows of many Parquet files that do not find room in memory. It is
// deleted when a checkpoint is durable that does not need it.
type table struct {
	writer connect.ParquetWriter
	config *connect.Parquet
	shared *shared
	place  string // of the Parquet file
	groups []connect.ParquetGroup

	number int // of the file beside, which grows with each row group
	file   *os.File
	open   *int // files that the sink has open
	length int64
	stored int64 // bytes of rows that are in the file beside alone, at its begin
	rows   []byte
	marks  []int // ends of frames in rows
	wrote  int   // how much of rows is in the file beside as well
	count  int64 // of records, in both
	dirty  bool  // something was written beside since the last fsync
	fresh  bool  // its name is not durable yet
	// old are files beside that are there and belong to row groups before, last
	// is the number that the last checkpoint has.
	old  []int
	last int
}

// shared is what the tables of a sink have in common.
type shared struct {
	held  int64  // bytes of rows in memory
	spare []byte // room for rows that nobody uses
}

// savedRows is the state of the rows that are in no row group yet.
type savedRows struct {
	// Number tells the file beside, Length is its committed length, and Count
	// how many records are in it.
	Number int   `json:"number"`
	Length int64 `json:"length"`
	Count  int64 `json:"count"`
	// Columns is the check sum of their columns.
	Columns uint32 `json:"columns"`
}

// rowsName is the name of the n-th file beside a Parquet file.
func rowsName(path string, n int) string {
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.rows-%06d", filepath.Base(path), n))
}

// rowsNumbers are the numbers of the files beside that are there.
func rowsNumbers(path string) ([]int, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), "."+filepath.Base(path)+".rows-")
		if n, err := strconv.Atoi(digits); ok && err == nil && filepath.Base(rowsName(path, n)) == e.Name() {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// size is how many bytes of rows wait for their row group.
func (b *table) size() int64 { return b.stored + int64(len(b.rows)) }

// due tells whether there are enough rows for a row group.
func (b *table) due() bool { return b.size() >= b.config.RowGroup || b.count >= b.config.Rows }

// add takes rows over.
func (b *table) add(data []byte, records int) {
	if b.rows == nil {
		b.rows, b.shared.spare = b.shared.spare[:0], nil
	}
	b.rows = append(b.rows, data...)
	b.shared.held += int64(len(data))
	b.count += int64(records)
	from := 0
	if n := len(b.marks); n > 0 {
		from = b.marks[n-1]
	}
	if len(b.rows)-from >= frameBytes {
		b.marks = append(b.marks, len(b.rows))
	}
}

// write makes a row group of the rows, at a byte of the file.
func (b *table) write(w io.Writer, at int64) (connect.ParquetGroup, error) {
	g, err := b.writer.Group(w, at, func(yield func([]byte) error) error {
		if err := b.readBack(yield); err != nil {
			return err
		}
		return yield(b.rows)
	})
	if err == nil && g.Rows != b.count {
		err = &lostError{fmt.Errorf("a row group of %d records got %d", b.count, g.Rows)}
	}
	return g, err
}

// readBack gives the rows that are not in memory.
func (b *table) readBack(yield func([]byte) error) error {
	if b.stored == 0 {
		return nil
	}
	if err := b.reopen(); err != nil {
		return err
	}
	var frame []byte
	left := b.stored
	for at := int64(0); left > 0; at += frameHead + int64(len(frame)) {
		n, err := b.frame(at, b.length)
		if err != nil {
			return err
		}
		if int64(cap(frame)) < n {
			frame = make([]byte, n)
		}
		frame = frame[:n]
		if _, err := b.file.ReadAt(frame, at+frameHead); err != nil {
			return err
		}
		if err := yield(frame); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// frameHead is the length of a frame, before it.
const frameHead = 4

// frame is the length of the frame that begins at a byte of the file beside.
func (b *table) frame(at, length int64) (int64, error) {
	var head [frameHead]byte
	if _, err := b.file.ReadAt(head[:], at); err != nil {
		return 0, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n == 0 || at+frameHead+n > length {
		return 0, fmt.Errorf("%s was changed by another program: start over with --fresh", b.file.Name())
	}
	return n, nil
}

// next forgets the rows, which are in a row group now.
func (b *table) next(g connect.ParquetGroup) error {
	b.groups = append(b.groups, g)
	b.shared.held -= int64(len(b.rows))
	if b.shared.spare == nil {
		b.shared.spare = b.rows[:0]
	}
	b.rows, b.marks, b.wrote, b.stored, b.count = nil, b.marks[:0], 0, 0, 0
	if b.length == 0 {
		return nil
	}
	b.old = append(b.old, b.number)
	b.number++
	b.length, b.dirty, b.fresh = 0, false, false
	return b.closeFile()
}

// spill writes the rows in memory that are not beside yet. What could not be
// written stays.
func (b *table) spill() error {
	if b.wrote == len(b.rows) {
		return nil
	}
	if err := b.reopen(); err != nil {
		return classify(err)
	}
	at := b.length
	for from := b.wrote; from < len(b.rows); {
		to := len(b.rows)
		for _, m := range b.marks {
			if m > from {
				to = m
				break
			}
		}
		head := binary.LittleEndian.AppendUint32(nil, uint32(to-from))
		_, err := b.file.WriteAt(head, at)
		if err == nil {
			_, err = b.file.WriteAt(b.rows[from:to], at+frameHead)
		}
		if err != nil {
			_ = b.file.Truncate(b.length) // what is behind the length is overwritten in any case
			return classify(err)
		}
		at += frameHead + int64(to-from)
		from = to
	}
	b.length, b.wrote, b.dirty = at, len(b.rows), true
	return nil
}

// leave gives up the memory of rows that are all beside.
func (b *table) leave() {
	b.stored += int64(len(b.rows))
	b.shared.held -= int64(len(b.rows))
	b.rows, b.marks, b.wrote = nil, nil, 0
}

// sync makes the rows durable.
func (b *table) sync() error {
	if err := b.spill(); err != nil {
		return err
	}
	if b.dirty {
		if err := b.reopen(); err != nil {
			return classify(err)
		}
		if err := syncFile(b.file); err != nil {
			return err
		}
		b.dirty = false
	}
	if b.fresh {
		if err := syncDir(filepath.Dir(b.place)); err != nil {
			return err
		}
		b.fresh = false
	}
	return nil
}

// reopen opens the file beside, and makes it where it is not there.
func (b *table) reopen() error {
	if b.file != nil {
		return nil
	}
	flags := os.O_RDWR
	if b.length == 0 {
		flags |= os.O_CREATE | os.O_TRUNC
		b.fresh = true
	}
	f, err := os.OpenFile(rowsName(b.place, b.number), flags, 0o644)
	if err != nil {
		return err
	}
	b.file = f
	*b.open++
	return nil
}

func (b *table) closeFile() error {
	if b.file == nil {
		return nil
	}
	err := b.file.Close()
	b.file = nil
	*b.open--
	return err
}

// state is what a checkpoint says of the rows, which have been synced. The files
// beside that the checkpoint before did not need any more go: that one is durable
// by now.
func (b *table) state() (*savedRows, error) {
	kept := b.old[:0]
	for _, n := range b.old {
		if n >= b.last {
			kept = append(kept, n)
			continue
		}
		if err := removeFile(rowsName(b.place, n)); err != nil {
			return nil, err
		}
	}
	b.old, b.last = kept, b.number
	return &savedRows{Number: b.number, Length: b.length, Count: b.count, Columns: b.writer.Columns()}, nil
}

// begin removes what earlier runs have left.
func (b *table) begin() error { return b.clear(-1) }

// clear removes the files beside, but one.
func (b *table) clear(but int) error {
	numbers, err := rowsNumbers(b.place)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if n == but {
			continue
		}
		if err := removeFile(rowsName(b.place, n)); err != nil {
			return err
		}
	}
	b.old = nil
	return nil
}

// restore goes back to the rows of a checkpoint. there is false where the file
// beside is gone.
func (b *table) restore(at *savedRows) (there bool, err error) {
	b.number, b.last = at.Number, at.Number
	if at.Length == 0 {
		return true, b.clear(-1)
	}
	b.length = at.Length
	err = b.reopen()
	if errors.Is(err, fs.ErrNotExist) {
		b.length = 0
		b.number++
		return false, b.clear(-1)
	}
	if err != nil {
		return false, err
	}
	for from := int64(0); from < at.Length; {
		n, err := b.frame(from, at.Length)
		if err != nil {
			return false, err
		}
		b.stored += n
		from += frameHead + n
	}
	b.count = at.Count
	if err := b.file.Truncate(at.Length); err != nil {
		return false, err
	}
	return true, b.clear(at.Number)
}

func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFile makes what was written to a file durable.
func syncFile(f *os.File) error {
	if err := f.Sync(); err != nil && !errors.Is(err, os.ErrInvalid) && !isNoSync(err) {
		return &lostError{err}
	}
	return nil
}

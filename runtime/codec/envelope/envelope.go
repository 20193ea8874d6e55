// Package envelope is the form in which records cross from one process of a
// pipeline to another: many in one message, with who sent them, which they are,
// and what they look like.
//
//	magic 4 bytes: F1 6F 77 and the version
//	flags 1 byte: bit 0 is the end of the writer's run, bit 1 its begin, bit 2 that
//	records come with their `meta`
//	writer, schema: a length (uvarint) and text
//	run 8 bytes, epoch 8 bytes, first uvarint
//	records: a length (uvarint) and bytes each, before it those of its `meta` (see Meta)
//	where they come with it
//	CRC-32C 4 bytes of all before it
//
// A record is encoded by itself (JSON, text or bytes), so it can be read by whoever
// knows a part of its fields. Numbers are little endian. Version 1 knows no `meta`, and is
// still what is written where there is none.
package envelope

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Version is what is written. Readers take every version up to theirs.
const Version = 2

var magic = [3]byte{0xF1, 'o', 'w'}

const (
	flagEnd = 1 << iota
	flagBegin
	flagMeta
)

// A Header says what an envelope holds.
type Header struct {
	// Writer is the process that sent it, with the number of its copy.
	Writer string
	// Run is what Begin and End are of: another one each time that a writer that comes
	// to an end begins anew, and 0 for any other writer.
	Run uint64
	// Epoch is another one each time that the writer can't tell where its numbers
	// were. First is the number of the first record in its partition and epoch; the
	// others follow.
	Epoch, First uint64
	// Schema is what the records look like (see Compatible).
	Schema string
	// Begin tells that the run sends its first envelope, End that it has nothing more to
	// send. An End means nothing to a reader that has not read the Begin.
	Begin, End bool
	// Meta tells that each record comes with its `meta`.
	Meta bool
}

// Begin appends the head of an envelope. Records are added to it by Add, and Seal
// ends it.
func Begin(dst []byte, h Header) []byte {
	flags := byte(0)
	if h.End {
		flags |= flagEnd
	}
	if h.Begin {
		flags |= flagBegin
	}
	version := byte(1)
	if h.Meta {
		version, flags = 2, flags|flagMeta
	}
	dst = append(dst, magic[0], magic[1], magic[2], version, flags)
	dst = appendText(dst, h.Writer)
	dst = appendText(dst, h.Schema)
	dst = binary.LittleEndian.AppendUint64(dst, h.Run)
	dst = binary.LittleEndian.AppendUint64(dst, h.Epoch)
	return binary.AppendUvarint(dst, h.First)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// Size is how many bytes an envelope of one record has at most.
func Size(h Header, record int) int { return len(h.Writer) + len(h.Schema) + record + 64 }

// Add appends a record to an envelope without `meta`.
func Add(dst, record []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(record))), record...)
}

// AddWith appends a record with its `meta` to an envelope that has it.
func AddWith(dst []byte, meta string, record []byte) []byte {
	return Add(appendText(dst, meta), record)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Seal ends the envelope that begins at dst[from].
func Seal(dst []byte, from int) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[from:], castagnoli))
}

// A Records are what an envelope holds, one after another.
type Records struct {
	rest []byte
	meta bool
}

var errShort = errors.New("the envelope ends in the middle")

// Open reads the head of an envelope. What it returns refers to data.
func Open(data []byte) (h Header, records Records, err error) {
	if len(data) < len(magic)+2+4 || [3]byte(data) != magic {
		return h, records, errors.New("the message is no envelope of a pipeline")
	}
	if v := data[3]; v > Version || v == 0 {
		return h, records, fmt.Errorf("the envelope has version %d, and this program reads up to %d: replace the readers before the writers", v, Version)
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return h, records, errors.New("the envelope is damaged: its checksum is another one")
	}
	h.Begin, h.End, h.Meta = body[4]&flagBegin != 0, body[4]&flagEnd != 0, body[4]&flagMeta != 0
	body = body[5:]
	if h.Writer, body, err = text(body); err != nil {
		return h, records, err
	}
	if h.Schema, body, err = text(body); err != nil {
		return h, records, err
	}
	if len(body) < 16 {
		return h, records, errShort
	}
	h.Run, h.Epoch, body = binary.LittleEndian.Uint64(body), binary.LittleEndian.Uint64(body[8:]), body[16:]
	first, n := binary.Uvarint(body)
	if n <= 0 {
		return h, records, errShort
	}
	h.First = first
	return h, Records{body[n:], h.Meta}, nil
}

func text(data []byte) (s string, rest []byte, err error) {
	part, rest, err := part(data)
	return string(part), rest, err
}

func part(data []byte) (part, rest []byte, err error) {
	length, n := binary.Uvarint(data)
	if n <= 0 || length > uint64(len(data)-n) {
		return nil, nil, errShort
	}
	data = data[n:]
	return data[:length], data[length:], nil
}

// Next gives the next record, and its `meta` where it comes with it; false behind the last
// one.
func (r *Records) Next() (record, meta []byte, ok bool, err error) {
	if len(r.rest) == 0 {
		return nil, nil, false, nil
	}
	if r.meta {
		if meta, r.rest, err = part(r.rest); err != nil {
			return nil, nil, false, err
		}
	}
	record, r.rest, err = part(r.rest)
	return record, meta, err == nil, err
}

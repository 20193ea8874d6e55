package supervise

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// attendance is what a program says first to an attendant: whoever connects and says nothing,
// to see whether it is there, starts nothing.
const attendance = "flowc attendance 1\n"

// The kinds of frames between a program and an attendant. A frame is a byte for its kind, four
// for its length, and its bytes.
const (
	inputFrame    = 'i' // for its standard input
	closeFrame    = 'c' // the end of that
	endFrame      = 't' // it is asked to end
	outputFrame   = 'o' // from its standard output
	logFrame      = 'l' // from its standard error
	endedFrame    = 'x' // it has ended: four bytes for the status, and words
	presenceFrame = 'p' // the attendant is there
)

// longestFrame is the longest frame that is sent, and that is taken.
const longestFrame = 64 << 10

// send writes bytes as frames.
func send(w io.Writer, kind byte, data []byte) error {
	for {
		part := data[:min(len(data), longestFrame)]
		data = data[len(part):]
		head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(part))) //nolint:gosec // at most longestFrame
		buffers := net.Buffers{head, part}
		if _, err := buffers.WriteTo(w); err != nil || len(data) == 0 {
			return err
		}
	}
}

// receive reads a frame; its bytes are those of buf, until the next call.
func receive(r *bufio.Reader, buf []byte) (kind byte, data []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > longestFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes: it is no attendant of flowc's", n)
	}
	data = buf[:n]
	_, err = io.ReadFull(r, data)
	return head[0], data, err
}

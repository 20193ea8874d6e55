package profile

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Sample is a stack that was seen while a processor worked for the program.
type Sample struct {
	// Stack are the frames, the innermost first; what was inlined is a frame of its own.
	Stack []Frame
	// Nanos is the time that the sample stands for.
	Nanos int64
}

// A Frame is a function, with the place that its `//line` says.
type Frame struct {
	Function, File string
	Line           int64
}

// maxProfile is more than any profile of a minute.
const maxProfile = 256 << 20

// Read reads a CPU profile as package runtime/pprof writes it: a gzipped message of
// profile.proto.
func Read(r io.Reader) ([]Sample, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("a CPU profile: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxProfile))
	if err != nil {
		return nil, fmt.Errorf("a CPU profile: %w", err)
	}
	p := profile{locations: map[uint64][]line{}, functions: map[uint64]function{}}
	if err := fields(data, p.field); err != nil {
		return nil, fmt.Errorf("a CPU profile: %w", err)
	}
	return p.resolve()
}

// A profile is the message, with numbers where it has numbers.
type profile struct {
	samples   []sample
	locations map[uint64][]line
	functions map[uint64]function
	texts     []string
}

type sample struct{ locations, values []uint64 }

type line struct{ function, line uint64 }

type function struct{ name, file uint64 }

// The numbers of the fields that are read, of profile.proto.
const (
	profileSample, profileLocation, profileFunction, profileText = 2, 4, 5, 6
	sampleLocation, sampleValue                                  = 1, 2
	locationID, locationLine                                     = 1, 4
	lineFunction, lineLine                                       = 1, 2
	functionID, functionName, functionFile                       = 1, 2, 4
)

func (p *profile) field(n int, number uint64, data []byte) error {
	switch n {
	case profileSample:
		var s sample
		err := fields(data, func(n int, number uint64, data []byte) error {
			switch n {
			case sampleLocation:
				return numbers(&s.locations, number, data)
			case sampleValue:
				return numbers(&s.values, number, data)
			}
			return nil
		})
		p.samples = append(p.samples, s)
		return err
	case profileLocation:
		var id uint64
		var lines []line
		err := fields(data, func(n int, number uint64, data []byte) error {
			switch n {
			case locationID:
				id = number
			case locationLine:
				var l line
				err := fields(data, func(n int, number uint64, _ []byte) error {
					switch n {
					case lineFunction:
						l.function = number
					case lineLine:
						l.line = number
					}
					return nil
				})
				lines = append(lines, l)
				return err
			}
			return nil
		})
		p.locations[id] = lines
		return err
	case profileFunction:
		var id uint64
		var f function
		err := fields(data, func(n int, number uint64, _ []byte) error {
			switch n {
			case functionID:
				id = number
			case functionName:
				f.name = number
			case functionFile:
				f.file = number
			}
			return nil
		})
		p.functions[id] = f
		return err
	case profileText:
		p.texts = append(p.texts, string(data))
	}
	return nil
}

func (p *profile) text(n uint64) string {
	if n >= uint64(len(p.texts)) {
		return ""
	}
	return p.texts[n]
}

// resolve puts functions in the place of numbers. The last value of a sample of a CPU
// profile is nanoseconds.
func (p *profile) resolve() ([]Sample, error) {
	out := make([]Sample, 0, len(p.samples))
	for _, s := range p.samples {
		if len(s.values) == 0 {
			return nil, errors.New("a CPU profile: a sample has no value")
		}
		one := Sample{Nanos: int64(s.values[len(s.values)-1])}
		for _, id := range s.locations {
			for _, l := range p.locations[id] {
				f := p.functions[l.function]
				one.Stack = append(one.Stack, Frame{Function: p.text(f.name), File: p.text(f.file), Line: int64(l.line)})
			}
		}
		out = append(out, one)
	}
	return out, nil
}

var errShort = errors.New("it ends in the middle of a field")

// fields gives each field of a message of protocol buffers to take: its number, and
// what it holds, a number or bytes.
func fields(data []byte, take func(n int, number uint64, data []byte) error) error {
	for len(data) > 0 {
		key, n := binary.Uvarint(data)
		if n <= 0 {
			return errShort
		}
		data = data[n:]
		var number uint64
		var held []byte
		switch key & 7 {
		case 0:
			if number, n = binary.Uvarint(data); n <= 0 {
				return errShort
			}
			data = data[n:]
		case 1, 5:
			size := 8
			if key&7 == 5 {
				size = 4
			}
			if len(data) < size {
				return errShort
			}
			data = data[size:]
		case 2:
			size, n := binary.Uvarint(data)
			if n <= 0 || size > uint64(len(data)-n) {
				return errShort
			}
			held, data = data[n:n+int(size):n+int(size)], data[n+int(size):]
		default:
			return fmt.Errorf("field %d has the unknown form %d", key>>3, key&7)
		}
		if err := take(int(key>>3), number, held); err != nil {
			return err
		}
	}
	return nil
}

// numbers appends a field of numbers, which are packed or come one by one.
func numbers(list *[]uint64, number uint64, packed []byte) error {
	if packed == nil {
		*list = append(*list, number)
		return nil
	}
	for len(packed) > 0 {
		v, n := binary.Uvarint(packed)
		if n <= 0 {
			return errShort
		}
		*list, packed = append(*list, v), packed[n:]
	}
	return nil
}

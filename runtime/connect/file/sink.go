package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Sink writes files: one, or one for each value of a path that changes with
// the record.
type Sink struct {
	config SinkConfig
	output connect.Output
	// keyed is the place of the path in Out.Keys, -1 for one file.
	keyed int

	files map[string]*target
	// saved is what a checkpoint says of the files.
	saved map[string]saved
}

// saved is the state of one file in a checkpoint.
type saved struct {
	// Length is the committed length in bytes.
	Length int64 `json:"length"`
	// Rotated is how many files were closed and renamed before this one.
	Rotated int `json:"rotated,omitempty"`
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	s := &Sink{config: c, output: out, files: map[string]*target{}, saved: map[string]saved{}}
	s.keyed = slices.Index(out.Keys, "path")
	if c.Path == "" && s.keyed < 0 {
		return nil, errors.New("path is empty")
	}
	if c.Mode == "" {
		s.config.Mode = "replace"
		if out.Append {
			s.config.Mode = "append"
		}
	}
	if out.Format == "json" && s.config.Mode == "append" {
		return nil, errors.New("format json is one array, which can't be appended to: use ndjson, or mode: replace")
	}
	if c.Rotate.Bytes < 0 || c.Rotate.Every < 0 || c.Rotate.Keep < 0 {
		return nil, errors.New("rotate takes sizes, ages and counts that are not negative")
	}
	return s, nil
}

// Restore cuts files to what was committed.
func (s *Sink) Restore(_ context.Context, state json.RawMessage) error {
	return json.Unmarshal(state, &s.saved)
}

// State is the committed length of each open file.
func (s *Sink) State() (any, error) {
	state := maps.Clone(s.saved)
	for path, t := range s.files {
		state[path] = saved{Length: t.length, Rotated: t.rotated}
	}
	return state, nil
}

// Open opens the file, so that a path that can't be written shows before
// anything is read; files of a path that changes are opened when they are
// needed.
func (s *Sink) Open(context.Context) error {
	if s.keyed >= 0 {
		for path := range s.saved {
			if _, err := s.target(path); err != nil {
				return err
			}
		}
		return nil
	}
	_, err := s.target(s.config.Path)
	return err
}

// Write appends the records to their files.
func (s *Sink) Write(_ context.Context, o *flow.Out) error {
	if s.keyed < 0 {
		t, err := s.target(s.config.Path)
		if err != nil {
			return err
		}
		return t.write(o.Data, o.Ends)
	}
	// Runs of records for the same file are written at once.
	paths := o.Keys[s.keyed]
	from, begin := 0, uint32(0)
	for from < len(paths) {
		to := from + 1
		for to < len(paths) && paths[to] == paths[from] {
			to++
		}
		t, err := s.target(paths[from])
		if err != nil {
			return err
		}
		end := o.Ends[to-1]
		if err := t.write(o.Data[begin:end], shifted(o.Ends[from:to], begin)); err != nil {
			return err
		}
		from, begin = to, end
	}
	return nil
}

// shifted are ends of records counted from begin.
func shifted(ends []uint32, begin uint32) []uint32 {
	if begin == 0 {
		return ends
	}
	out := make([]uint32, len(ends))
	for i, e := range ends {
		out[i] = e - begin
	}
	return out
}

// target returns the open file of a path.
func (s *Sink) target(path string) (*target, error) {
	if t, ok := s.files[path]; ok {
		return t, nil
	}
	if s.keyed >= 0 {
		if err := checkKeyed(path); err != nil {
			return nil, err
		}
	}
	t, err := openTarget(path, s.config, s.output, s.saved[path])
	if err != nil {
		return nil, err
	}
	s.files[path] = t
	return t, nil
}

// checkKeyed refuses a path made of record values that climbs out of where the
// pipeline writes.
func checkKeyed(path string) error {
	if path == "" {
		return errors.New("the path that the record gives is empty")
	}
	if slices.Contains(strings.Split(strings.ReplaceAll(path, `\`, "/"), "/"), "..") || strings.ContainsRune(path, 0) {
		return fmt.Errorf("the path %q that the record gives climbs out of its folder", path)
	}
	return nil
}

// Sync makes everything that was written durable.
func (s *Sink) Sync(context.Context) error {
	for _, path := range slices.Sorted(maps.Keys(s.files)) {
		if err := s.files[path].sync(); err != nil {
			return err
		}
	}
	return nil
}

// Close publishes the files when all is there, else leaves them for the next
// start.
func (s *Sink) Close(_ context.Context, done bool) error {
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(s.files)) {
		errs = append(errs, s.files[path].close(done))
	}
	return errors.Join(errs...)
}

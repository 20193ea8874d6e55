package file

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// maxOpen is how many files are open at once where the path changes with the
// record.
var maxOpen = 128

// A Sink writes files: one, or one for each value of a path that changes with
// the record.
type Sink struct {
	config SinkConfig
	output connect.Output
	// keyed is the place of the path in Out.Keys, -1 for one file. literal is
	// the text before the first value, where it is known.
	keyed   int
	literal string
	known   bool

	files   map[string]*target // by the path as it came
	places  map[string]*target // by where it is
	touched map[*target]bool   // written since the last Sync
	opened  int                // files with a descriptor
	uses    uint64
	due     time.Time // when the first file is old enough to be closed
	// saved is what the checkpoint that this run goes on from says.
	saved map[string]saved
	// resumes tells that there are checkpoints.
	resumes bool
	// parquet makes row groups, and shared is what all files hold of rows.
	parquet connect.ParquetWriter
	shared  shared
}

// parquetFormat is the format of files that are made of row groups.
const parquetFormat = "parquet"

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	s := &Sink{
		config: c, output: out, keyed: slices.Index(out.Keys, "path"),
		files: map[string]*target{}, places: map[string]*target{}, touched: map[*target]bool{},
	}
	s.literal, s.known = out.Literals["path"]
	if c.Path == "" && s.keyed < 0 {
		return nil, errors.New("path is empty")
	}
	rotates := c.Rotate.Bytes > 0 || c.Rotate.Every > 0
	switch {
	case c.Mode == "" && out.Append:
		s.config.Mode = "append"
	case c.Mode == "":
		s.config.Mode = "replace"
	case c.Mode == "replace" && out.Append && !rotates:
		return nil, errors.New("`mode: replace` publishes a file when all input has come to its end, and this pipeline's does not end: use `append`, or `rotate`")
	}
	if out.Format == "json" && s.config.Mode == "append" && !rotates {
		return nil, errors.New("format json is one array, which can't be appended to: use ndjson, or mode: replace")
	}
	if out.Format == parquetFormat && s.config.Mode == "append" && !rotates {
		return nil, errors.New("a Parquet file ends with what tells where its rows are, so it can't be appended to: begin a new one from time to time (`rotate`), or use mode: replace")
	}
	if s.wholly() {
		s.config.Mode = "replace" // each rotated file is whole
	}
	if err := s.openParquet(); err != nil {
		return nil, err
	}
	if c.Rotate.Bytes < 0 || c.Rotate.Every < 0 || c.Rotate.Keep < 0 {
		return nil, errors.New("rotate takes sizes, ages and counts that are not negative")
	}
	return s, nil
}

// Restore takes the state of a checkpoint, to which Open brings the files back.
func (s *Sink) Restore(_ context.Context, state json.RawMessage) error {
	s.resumes = true
	s.saved = map[string]saved{}
	return json.Unmarshal(state, &s.saved)
}

// State is the committed length of each file that may still be written.
func (s *Sink) State() (any, error) {
	s.resumes = true
	state := make(map[string]saved, len(s.files))
	for path, t := range s.files {
		if t.path != path {
			continue // another spelling of the path
		}
		at, err := t.state()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if err := s.makeRoom(); err != nil {
			return nil, err
		}
		state[path] = at
		if err := t.committed(); err != nil {
			return nil, err
		}
		if s.keyed >= 0 && (s.config.Mode == "append" || s.config.Rotate.Every > 0) && t.idle() {
			// It is whole as it is, and is opened anew when it is needed.
			s.drop(t)
		}
	}
	return state, nil
}

// drop forgets a file that has been closed.
func (s *Sink) drop(t *target) {
	maps.DeleteFunc(s.files, func(_ string, other *target) bool { return other == t })
	delete(s.places, t.place)
}

// Open opens the file, so that a path that can't be written shows before
// anything is read, and brings files of a checkpoint back to what they were
// there.
func (s *Sink) Open(context.Context) error {
	paths := slices.Sorted(maps.Keys(s.saved))
	if s.keyed < 0 {
		paths = []string{s.config.Path}
	}
	for _, path := range paths {
		if _, err := s.target(path); err != nil {
			return err
		}
	}
	s.lookAhead()
	return nil
}

// Write appends the records to their files.
func (s *Sink) Write(_ context.Context, o *flow.Out) error {
	refused := s.refused(o)
	if s.keyed < 0 && refused == nil {
		return s.writeTo(s.config.Path, o.Data, o.Ends)
	}
	// Runs of records for the same file are written at once.
	failed := refused
	var held map[string]bool // paths of records that may be written later
	path := func(int) string { return s.config.Path }
	if s.keyed >= 0 {
		path = func(i int) string { return o.Keys[s.keyed][i] }
	}
	from, begin := 0, uint32(0)
	for from < len(o.Ends) {
		to := from + 1
		for to < len(o.Ends) && path(to) == path(from) && refused[to] == nil && refused[from] == nil {
			to++
		}
		end := o.Ends[to-1]
		err := refused[from]
		switch {
		case err != nil:
		case held[path(from)]:
			err = flow.ErrNotTried // what is behind a record in the same file keeps its place
		default:
			err = s.writeTo(path(from), o.Data[begin:end], shifted(o.Ends[from:to], begin))
		}
		if err != nil {
			if failed == nil {
				failed = map[int]error{}
			}
			for i := from; i < to; i++ {
				failed[i] = err
			}
			if flow.MayBeRetried(err) {
				if held == nil {
					held = map[string]bool{}
				}
				held[path(from)] = true
			}
		}
		from, begin = to, end
	}
	if failed != nil {
		return &flow.PartialError{Failed: failed}
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

func (s *Sink) writeTo(path string, data []byte, ends []uint32) error {
	t, err := s.target(path)
	if err != nil {
		return err
	}
	s.touched[t] = true
	if err := t.write(data, ends); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_ = s.relieve()  // the records are taken; what can't be made durable, Sync tells
	_ = s.makeRoom() // here as well
	return nil
}

// target returns the file of a path, open or ready to be.
func (s *Sink) target(path string) (*target, error) {
	s.uses++
	if t, ok := s.files[path]; ok {
		t.used = s.uses
		return t, nil
	}
	t, err := s.newTarget(path)
	if err == nil {
		s.files[path] = t
		t.used = s.uses
		return t, nil
	}
	err = classify(fmt.Errorf("%s: %w", path, err))
	var room *roomError
	if s.keyed >= 0 && !errors.As(err, &room) {
		err = &pathError{err}
	}
	return nil, err
}

func (s *Sink) newTarget(path string) (*target, error) {
	if s.keyed >= 0 {
		if err := checkPath(path, s.literal, s.known); err != nil {
			return nil, err
		}
		path = filepath.Clean(path)
		if t, ok := s.files[path]; ok {
			return t, nil
		}
	}
	t, err := newTarget(path, &s.config, &s.output, &s.opened)
	if err != nil {
		return nil, err
	}
	if other, ok := s.places[t.place]; ok { // by a link
		return other, nil
	}
	if s.parquet != nil {
		t.table = &table{writer: s.parquet, config: &s.config.Parquet, shared: &s.shared, place: t.place, open: &s.opened}
	}
	if at, ok := s.saved[path]; ok {
		err = t.restore(at)
		if err == nil {
			err = t.dropNote()
		}
	} else {
		err = t.beginNoted(s.keyed >= 0 && s.resumes)
	}
	if err != nil {
		_ = t.closeFile() // nothing was written yet
		return nil, err
	}
	delete(s.saved, path)
	s.files[path], s.places[t.place] = t, t
	t.used = s.uses
	_ = s.makeRoom() // what can't be made durable, Sync tells
	return t, nil
}

// makeRoom closes the files that were not used for longest where too many are
// open.
func (s *Sink) makeRoom() error {
	if s.opened <= maxOpen {
		return nil
	}
	var open []*target
	for _, t := range s.places {
		if t.regular && (t.file != nil || t.table != nil && t.table.file != nil) {
			open = append(open, t)
		}
	}
	slices.SortFunc(open, func(a, b *target) int { return cmp.Compare(a.used, b.used) })
	for _, t := range open[:len(open)/2] {
		if err := t.rest(); err != nil {
			return err
		}
		delete(s.touched, t)
	}
	return nil
}

// Idle writes what is in the buffers of files that are not compressed.
func (s *Sink) Idle() {
	for t := range s.touched {
		if t.how == plain {
			_ = t.flush() // what stays in the buffer is tried again
		}
	}
}

// Sync makes everything that was written durable.
func (s *Sink) Sync(context.Context) error {
	if err := s.rotateDue(); err != nil {
		return err
	}
	for t := range s.touched {
		if err := t.sync(); err != nil {
			return fmt.Errorf("%s: %w", t.path, err)
		}
		delete(s.touched, t)
		if err := s.makeRoom(); err != nil {
			return err
		}
	}
	return nil
}

// Close publishes the files when all is there, else leaves them for the next
// start.
func (s *Sink) Close(_ context.Context, done bool) error {
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(s.places)) {
		t := s.places[path]
		err := t.close(done, s.resumes)
		if err == nil && done {
			err = t.dropNote()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.path, err))
		}
	}
	return errors.Join(errs...)
}

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// The files in the state folder of the pipeline.
const (
	recordFile = "jobs.json"
	lockName   = "jobs.lock"
)

// A record is which jobs of a run have completed. It is of one text of the pipeline: of
// another one nothing is known.
type record struct {
	mu      sync.Mutex
	path    string // "" where nothing can be written
	kept    kept
	release func()
}

// kept is what stands in the file.
type kept struct {
	Pipeline string   `json:"pipeline"`
	Hash     string   `json:"hash"`
	Complete []string `json:"complete"`
}

// openRecord reads what an earlier start of the run has completed, and keeps others out of
// it. Where there can be no folder all jobs run, now and when the run is started again.
func openRecord(ctx context.Context, p Plan, o flow.RunOptions, log *slog.Logger) (*record, error) {
	dir := flow.StateDir(o.StateDir, p.Pipeline)
	r := &record{kept: kept{Pipeline: p.Pipeline, Hash: p.Hash, Complete: []string{}}, release: func() {}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		log.Warn("which jobs have completed can't be kept: a start behind a crash runs all of them again", "error", err)
		return r, nil
	}
	var err error
	if r.release, err = flow.Lock(ctx, filepath.Join(dir, lockName), o.Wait); err != nil {
		return nil, err
	}
	r.path = filepath.Join(dir, recordFile)
	if o.Fresh {
		return r, r.forget()
	}
	var before kept
	data, err := os.ReadFile(r.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return r, nil
	case err == nil:
		err = json.Unmarshal(data, &before)
	}
	if err != nil {
		r.close()
		return nil, &flow.StateError{Path: r.path, Reason: "which jobs have completed can't be read (start with --fresh to run all of them)", Err: err}
	}
	if before.Pipeline == p.Pipeline && before.Hash == p.Hash {
		r.kept.Complete = before.Complete
	}
	return r, nil
}

func (r *record) has(job string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.kept.Complete, job)
}

// add writes down that a job has completed, before anything that waits for it begins.
func (r *record) add(job string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept.Complete = append(r.kept.Complete, job)
	if r.path == "" {
		return nil
	}
	data, err := json.Marshal(r.kept)
	if err == nil {
		err = flow.ReplaceFile(r.path, append(data, '\n'))
	}
	if err != nil {
		return &flow.StateError{Path: r.path, Reason: "that the job `" + job + "` has completed can't be written down", Err: err}
	}
	return nil
}

// forget has the next start be that of another run.
func (r *record) forget() error {
	if r.path == "" {
		return nil
	}
	if err := os.Remove(r.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return &flow.StateError{Path: r.path, Reason: "which jobs have completed can't be removed", Err: err}
	}
	return nil
}

func (r *record) close() { r.release() }

package main

import (
	"bytes"
	"io"
	"slices"
	"sync"

	"github.com/flowc-dev/flowc/backends/local/live"
	"github.com/flowc-dev/flowc/backends/local/logfile"
	"github.com/flowc-dev/flowc/backends/local/runs"
)

// A groupWatch keeps for others how the processes of a run do, and what they say.
type groupWatch struct {
	run *runs.Run
	log *logfile.File

	mu  sync.Mutex
	all []live.Status
}

// watchGroup has a group tell how it does to whoever looks at its run.
func watchGroup(run *runs.Run, g *live.Group) (*groupWatch, error) {
	log, err := logfile.Open(run.LogPath())
	if err != nil {
		return nil, err
	}
	w := &groupWatch{run: run, log: log}
	for i := range g.Processes {
		p := &g.Processes[i]
		p.Env = append(slices.Clone(p.Env), run.Env(p.Name, "")...)
		w.all = append(w.all, live.Status{Name: p.Name, Phase: live.Starting, Since: run.At})
	}
	if err := run.Changed(w.all); err != nil {
		return nil, err
	}
	g.Changed = w.changed
	if run.Detached {
		g.Stderr, g.Stdout = &spoken{log: log}, &spoken{log: log, of: run.Pipeline}
	} else {
		g.Stderr = io.MultiWriter(g.Stderr, &spoken{log: log})
	}
	return w, nil
}

// changed notes how a process does. A disk that is full costs those who look the news, and
// the program nothing.
func (w *groupWatch) changed(s live.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.all, func(one live.Status) bool { return one.Name == s.Name })
	w.all[i] = s
	_ = w.run.Changed(w.all)
}

func (w *groupWatch) close() { w.log.Close() }

// A spoken writer puts lines into a log: those of a process begin with its name, unless all
// are of one.
type spoken struct {
	log *logfile.File
	of  string

	mu   sync.Mutex
	rest []byte
}

// Write never fails: what can't be kept is seen by those who look now.
func (s *spoken) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest = append(s.rest, b...)
	for {
		line, rest, whole := bytes.Cut(s.rest, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		name, text, named := bytes.Cut(line, []byte(" | "))
		switch {
		case s.of != "":
			s.log.Put(s.of, line)
		case named:
			s.log.Put(string(name), text)
		default:
			s.log.Put("flowc", line)
		}
		s.rest = append(s.rest[:0], rest...)
	}
}

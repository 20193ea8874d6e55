// Package runs knows the pipelines that `flowc run` has started on this machine, whoever
// looks from whichever shell: each has a folder with what was started, by whom, and how it
// does. The program itself answers in it, keeps its log there, and notes its end; what was
// killed is told by its process, which is known for certain (package alive).
package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/alive"
	"github.com/flowc-dev/flowc/backends/local/logfile"
)

// A Folder has the runs of one user.
type Folder string

// The files of a run's folder. The program writes the address, the log and its end; the
// others are flowc's.
const (
	recordFile  = "run.json"
	groupFile   = "group.json"
	addressFile = "address"
	endedFile   = "ended.json"
	logFile     = "log"
)

// The variables by which a program knows that it is a run.
const (
	runVariable = "FLOWC_RUN"
	logVariable = "FLOWC_RUN_LOG"
)

// How much of what a program prints is kept as its log: all of it, for one that nobody
// looks at, or standard error.
const (
	LogAll    = "all"
	LogErrors = "stderr"
)

// keptFor is how long a run that has ended is remembered, unless another takes its name.
const keptFor = 7 * 24 * time.Hour

// ErrUnsupported is the error of a system whose processes can't be told to end in order
// from outside.
var ErrUnsupported = errors.New("runs are not listed on this system: its processes can't be told to end in order from outside")

// A Start is what a run is started with.
type Start struct {
	// Pipeline is its name, Hash that of its meaning, File where it is, as a whole path; ""
	// of one that came by standard input.
	Pipeline string `json:"pipeline"`
	Hash     string `json:"hash"`
	File     string `json:"file,omitempty"`
	// Wanted is what the run is to be called; "" takes the pipeline's name, with a number
	// where there is another one of that name.
	Wanted string `json:"-"`
	// Args are the arguments of flowc that started it, From the folder where that was.
	Args []string `json:"args"`
	From string   `json:"from"`
	// Detached runs have no terminal.
	Detached bool `json:"detached,omitempty"`
	// Grace is how long its ordered end may take.
	Grace time.Duration `json:"grace"`
	// Processes are those that it consists of; nil where it is one program, in the process
	// that started it.
	Processes []string `json:"processes,omitempty"`
	// ControlPlane is the address of the server that it registers with, "" for none.
	ControlPlane string `json:"control_plane,omitempty"`
}

// A Run is one of the runs.
type Run struct {
	Name string `json:"name"`
	Start
	// At is when it was started, Process what it is: the program, or who looks after its
	// processes.
	At      time.Time     `json:"at"`
	Process alive.Process `json:"process"`

	folder string
}

// A TakenError is a name that another run has.
type TakenError struct{ Run *Run }

func (e *TakenError) Error() string {
	return fmt.Sprintf("there is a run %s already, process %d, of %s: `flowc stop %s` ends it, and another --name stands beside it", e.Run.Name, e.Run.Process.PID, e.Run.File, e.Run.Name)
}

// Claim makes the folder of a run, which this process is. One that has ended gives its name
// to the next one; its log stays as an older file.
func (f Folder) Claim(s Start) (*Run, error) {
	if !supported {
		return nil, ErrUnsupported
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, err
	}
	held, err := hold(string(f))
	if err != nil {
		return nil, err
	}
	defer held.Close()
	f.forget()
	for n := 1; ; n++ {
		name := s.Wanted
		if name == "" {
			name = s.Pipeline
		}
		if n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		there, err := f.read(name)
		if err != nil || !there.Alive() { // a folder that says nothing is nobody's
			r := &Run{Name: name, Start: s, At: time.Now(), Process: alive.Identify(os.Getpid()), folder: filepath.Join(string(f), name)}
			return r, r.begin()
		}
		if s.Wanted != "" {
			return nil, &TakenError{there}
		}
	}
}

// begin makes the folder anew. Logs of the run before stay.
func (r *Run) begin() error {
	r.tidy()
	entries, err := os.ReadDir(r.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Name() != logFile && !strings.HasPrefix(e.Name(), logFile+".") {
			if err := os.RemoveAll(filepath.Join(r.folder, e.Name())); err != nil {
				return err
			}
		}
	}
	log := r.path(logFile)
	for n := logfile.Files; n > 0; n-- {
		from := log
		if n > 1 {
			from = logfile.Rotated(log, n-1)
		}
		if err := os.Rename(from, logfile.Rotated(log, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, dir := range append([]string{""}, r.Processes...) {
		if err := os.MkdirAll(filepath.Join(r.folder, dir), 0o700); err != nil {
			return err
		}
	}
	return write(r.path(recordFile), r)
}

func (r *Run) path(name string) string { return filepath.Join(r.folder, name) }

// Folder is the folder of the run.
func (r *Run) Folder() string { return r.folder }

// LogPath is where its log is.
func (r *Run) LogPath() string { return r.path(logFile) }

// Env is the environment by which a program knows that it is the run, or one of its
// processes; log says what of its words is kept, "" for nothing.
func (r *Run) Env(process, log string) []string {
	env := []string{runVariable + "=" + filepath.Join(r.folder, process)}
	if log != "" {
		env = append(env, logVariable+"="+log)
	}
	return env
}

// Alive tells whether its process runs.
func (r *Run) Alive() bool { return r.Process.Alive() }

// tidy removes what a program that was killed has left outside of its folder.
func (r *Run) tidy() {
	for _, dir := range append([]string{""}, r.Processes...) {
		address, err := os.ReadFile(filepath.Join(r.folder, dir, addressFile))
		if err != nil {
			continue
		}
		if apart := filepath.Dir(string(address)); strings.HasPrefix(filepath.Base(apart), "flowc-run-") && filepath.Dir(apart) == filepath.Clean(os.TempDir()) {
			_ = os.RemoveAll(apart)
		}
	}
}

// forget removes runs that ended long ago.
func (f Folder) forget() {
	all, _ := f.All() // what can't be read is tried again with the next run
	for _, r := range all {
		if r.Alive() {
			continue
		}
		at := r.At
		if end := r.Ended(); end != nil {
			at = end.At
		}
		if time.Since(at) > keptFor {
			_ = r.Remove()
		}
	}
}

// Remove forgets a run that has ended.
func (r *Run) Remove() error {
	if r.Alive() {
		return fmt.Errorf("%s runs: it is process %d", r.Name, r.Process.PID)
	}
	r.tidy()
	return os.RemoveAll(r.folder)
}

// All are the runs that there are, also those that have ended, by name.
func (f Folder) All() ([]*Run, error) {
	entries, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []*Run
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if r, err := f.read(e.Name()); err == nil { // one that is just being made is none yet
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *Run) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// read is the run in a folder.
func (f Folder) read(name string) (*Run, error) { return Open(filepath.Join(string(f), name)) }

// Open is the run that has a folder.
func Open(folder string) (*Run, error) {
	text, err := os.ReadFile(filepath.Join(folder, recordFile))
	if err != nil {
		return nil, err
	}
	r := &Run{folder: folder}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", filepath.Join(folder, recordFile), err)
	}
	return r, nil
}

// An End is how a program has noted that it ended.
type End struct {
	Code   int       `json:"code"`
	At     time.Time `json:"at"`
	Ending string    `json:"ending,omitempty"`
	Error  string    `json:"error,omitempty"`
	// Totals are what became of its records, nil where it had not begun.
	Totals *deploy.Totals `json:"totals,omitempty"`
}

// Ended is how it ended, nil where it runs, or where it was killed and nobody could note
// it.
func (r *Run) Ended() *End {
	text, err := os.ReadFile(r.path(endedFile))
	if err != nil {
		return nil
	}
	e := &End{}
	if json.Unmarshal(text, e) != nil {
		return nil
	}
	return e
}

// The endings, as programs call them.
const (
	endingComplete = "complete"
	endingDrained  = "drained"
)

// End notes how a run of several processes ended; stopped tells that it was told to.
func (r *Run) End(code int, stopped bool) error {
	e := &End{Code: code, At: time.Now(), Ending: endingComplete}
	if stopped {
		e.Ending = endingDrained
	}
	return write(r.path(endedFile), e)
}

// write puts a file in its place at once, readable for its owner alone.
func write(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

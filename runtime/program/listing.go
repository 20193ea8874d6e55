package program

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/parts"
)

// A program that was started as a run that others can look at (`flowc ps`, from any shell)
// has a folder for it. There it answers how it does, keeps what it says, and notes at its
// end how that was: what only it knows nobody else has to guess.

// What whoever starts a run says in the environment: the folder, and how much of what the
// program prints goes into the log there: nothing, standard error (logOfErrors), or output
// as well (logOfAll).
const (
	runVariable    = "FLOWC_RUN"
	runLogVariable = "FLOWC_RUN_LOG"

	logOfErrors = "stderr"
	logOfAll    = "all"
)

// The files of the folder.
const (
	addressFile = "address"    // the path of the socket
	socketFile  = "socket"     // which is this one, where such a path is allowed
	endedFile   = "ended.json" // there when the program has ended by itself
	logFile     = "log"
)

// longestSocket is how long the path of a socket may be on every system.
const longestSocket = 100

// A listing is the folder of a run. nil is that of a program which has none.
type listing struct {
	folder string
	began  time.Time
	log    *runLog // nil where what it says is not kept
	words  *runStream
	stderr io.Writer
	apart  string // a folder made for the socket
	stop   func() // of the pages
	end    runEnd
}

// A runEnd is how a run ended, as its folder keeps it.
type runEnd struct {
	Code   int       `json:"code"`
	At     time.Time `json:"at"`
	Ending string    `json:"ending,omitempty"`
	Error  string    `json:"error,omitempty"`
	// Totals are there where the run has begun.
	Totals *flow.Totals `json:"totals,omitempty"`
}

// joinRun takes the folder of the run, if there is one, out of the environment: what the
// program starts is no run. Where nothing can be written, the program runs and is not seen.
func joinRun() *listing {
	folder, log := os.Getenv(runVariable), os.Getenv(runLogVariable)
	_ = os.Unsetenv(runVariable)
	_ = os.Unsetenv(runLogVariable)
	if info, err := os.Stat(folder); folder == "" || err != nil || !info.IsDir() {
		return nil
	}
	l := &listing{folder: folder, began: time.Now()}
	if log == logOfErrors || log == logOfAll {
		l.capture(log == logOfAll)
	}
	return l
}

// capture has what the program prints go to the log too; what nobody reads, like output
// of a run in the background, to the log alone. What a panic of the whole program says goes
// there as well.
//
// A stream is never put through a pipe for that: a component that ends the process would
// take its last words with it.
func (l *listing) capture(all bool) {
	log, err := openRunLog(filepath.Join(l.folder, logFile))
	if err != nil {
		return
	}
	l.log, l.words = log, log.stream()
	if all && log.takeStreams() == nil {
		l.stderr = l.words
	} else {
		l.stderr = io.MultiWriter(l.words, os.Stderr)
	}
	parts.SetLog(l.stderr)
	_ = debug.SetCrashOutput(log.file, debug.CrashOptions{})
}

// errors is where the program writes what it has to say, log included.
func (l *listing) errors() io.Writer {
	if l == nil || l.stderr == nil {
		return os.Stderr
	}
	return l.stderr
}

// named says what the lines of the log are of. A log that also has what is printed by other
// means begins with one of its own, so that those have a time.
func (l *listing) named(name string) {
	if l == nil || l.log == nil {
		return
	}
	l.log.name(name)
	if l.stderr == io.Writer(l.words) {
		l.log.put(fmt.Appendf(nil, "process %d begins", os.Getpid()))
	}
}

// serve answers how the program does.
func (l *listing) serve(p pager) {
	if l == nil || l.stop != nil {
		return
	}
	path := filepath.Join(l.folder, socketFile)
	if len(path) > longestSocket {
		dir, err := os.MkdirTemp("", "flowc-run-")
		if err != nil {
			return
		}
		l.apart, path = dir, filepath.Join(dir, socketFile)
	}
	_ = os.Remove(path) // of a run before, that was killed
	on, err := net.Listen("unix", path)
	if err != nil {
		return
	}
	l.stop = serveOn(on, p)
	_ = l.write(addressFile, []byte(path))
}

// serveProgram answers how a program does, until over is called: the page is there from
// the start of a run to the end of the process, and its rates as long as it runs.
func (l *listing) serveProgram(s *Spec, program func() *flow.Program) (over func()) {
	if l == nil {
		return func() {}
	}
	r, done := &rates{}, make(chan struct{})
	go r.follow(program, done)
	l.serve(runPages{pages: pages{spec: s, program: program}, rates: r})
	return func() { close(done) }
}

// reported notes how the run ended.
func (l *listing) reported(r *flow.Report, err error) {
	if l == nil || r == nil {
		return
	}
	sums := r.Totals()
	l.end.Ending, l.end.Totals = string(r.Ending), &sums
	if err != nil {
		l.end.Error = err.Error()
	}
}

// close notes the exit code, when all that was printed is where it belongs.
func (l *listing) close(code int) {
	if l == nil {
		return
	}
	if l.log != nil {
		l.words.flush()
		l.log.close()
	}
	l.end.Code, l.end.At = code, time.Now()
	if text, err := json.Marshal(l.end); err == nil {
		_ = l.write(endedFile, text)
	}
	if l.stop != nil { // last: who looks gets an answer, or the end
		l.stop()
	}
	if l.apart != "" {
		_ = os.RemoveAll(l.apart)
	}
}

// exit is the end of a program that was told twice to end.
func (l *listing) exit(code int) {
	l.close(code) // nil is well
	os.Exit(code)
}

// write puts a file in its place at once.
func (l *listing) write(name string, text []byte) error {
	tmp := filepath.Join(l.folder, "."+name)
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(l.folder, name))
}

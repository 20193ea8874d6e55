package fromflowctl

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/control/certtest"
)

// A feature is a line of the page on flowctl that is ticked off, with the commands that show
// it and the exit code of the last.
type feature struct {
	line     int
	text     string
	commands []string
	code     int
}

var (
	commandSpan = regexp.MustCompile("`((?:flowc|curl|grep) [^`]+)`")
	exitCode    = regexp.MustCompile(`\(exit code (\d+)\)`)
	portFlag    = regexp.MustCompile(`--port (\d+)`)
)

// featuresOf reads the page: its features, and the files that it shows, by their names.
func featuresOf(t *testing.T) (all []feature, files map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "flowctl.md"))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	file, within := "", false
	for i, line := range strings.Split(string(text), "\n") {
		switch info, fence := strings.CutPrefix(line, "```"); {
		case fence && file != "":
			file = ""
		case fence && info == "yaml flowctl":
			file = "pipeline.yaml"
		case fence && strings.Contains(info, " file="):
			_, file, _ = strings.Cut(info, " file=")
		case file != "":
			files[file] += line + "\n"
		case strings.HasPrefix(line, "## "):
			within = line == "## Features"
		case within && strings.HasPrefix(line, "- "):
			f := feature{line: i + 1, text: line}
			for _, m := range commandSpan.FindAllStringSubmatch(line, -1) {
				f.commands = append(f.commands, m[1])
			}
			if m := exitCode.FindStringSubmatch(line); m != nil {
				f.code, _ = strconv.Atoi(m[1])
			}
			all = append(all, f)
		}
	}
	return all, files
}

// TestFeatures runs what the page on flowctl ticks off, in its order, as it stands.
func TestFeatures(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	t.Parallel()
	w := newWorld(t)
	features, files := featuresOf(t)
	for name, text := range files {
		w.write(name, text)
	}
	for name, gives := range map[string]string{
		"ledger-source": "stellar.ledger.v1,stellar.transaction.v1", "transfers": "stellar.token.transfer.v1", "fees": "stellar.fee.v1", "postgres-sink": "", "audit-sink": "",
	} {
		w.link("bin/" + name)
		w.write("bin/"+name+".gives", gives)
	}
	w.write("fees.json", `{"name": "fees", "version": "v1.0.0", "type": "processor", "consumes": ["stellar.transaction.v1"], "produces": ["stellar.fee.v1"]}`)
	certtest.New(t, w.dir).Server("server", certtest.Valid)
	w.env = []string{"FLOWC_LOCAL_DIR=" + filepath.Join(w.dir, "applied"), "FLOWC_LOCAL=supervisor", "PATH=" + toolsDir + string(os.PathListSeparator) + os.Getenv("PATH")}
	t.Cleanup(func() {
		w.flowc("delete", "payments", "--target", "local", "--yes", "--state")
		w.flowc("sandbox", "stop", "--fresh")
	})
	ran := 0
	for _, f := range features {
		if !strings.HasPrefix(f.text, "- [x] ") || len(f.commands) == 0 {
			t.Errorf("docs/flowctl.md:%d: a feature is ticked off, and has a command that shows it: %s", f.line, f.text)
		}
		for i, command := range f.commands {
			ran++
			code := 0
			if i == len(f.commands)-1 {
				code = f.code
			}
			if out, got := w.shows(command); got != code {
				t.Errorf("docs/flowctl.md:%d: %s: exit code %d\n%s", f.line, command, got, out)
			}
		}
	}
	if ran < 40 {
		t.Errorf("%d commands were run", ran)
	}
}

// shows runs a command of the page to its end, or until it listens where that is a server.
func (w *world) shows(command string) (out string, code int) {
	w.t.Helper()
	command, server := strings.CutSuffix(command, " &")
	cmd := exec.Command("sh", "-c", "exec "+command)
	cmd.Dir, cmd.Env = w.dir, w.command().Env
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if !server {
		<-ended
		return both.String(), cmd.ProcessState.ExitCode()
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	port := portFlag.FindStringSubmatch(command)
	if port == nil {
		w.t.Fatalf("%s names no port", command)
	}
	for {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port[1]); err == nil {
			conn.Close()
			return "", 0
		}
		select {
		case err := <-ended:
			ended <- err
			return both.String(), cmd.ProcessState.ExitCode()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

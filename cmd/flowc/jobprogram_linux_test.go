package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// jobProgram writes down that it ran, in a file of the folder SAID (/said), and fails where the
// file fails in there names it.
const jobProgram = `package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	name, said := os.Args[1], os.Getenv("SAID")
	if said == "" {
		said = "/said"
	}
	f, err := os.OpenFile(said+"/jobs", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(f, name, os.Getenv("KIND"))
	if bad, _ := os.ReadFile(said + "/fails"); strings.TrimSpace(string(bad)) == name {
		fmt.Fprintln(os.Stderr, "not yet")
		os.Exit(3)
	}
}
`

// jobBinary builds it, static, as the file job of a folder.
func jobBinary(t *testing.T, dir string) string {
	t.Helper()
	source, binary := filepath.Join(t.TempDir(), "job.go"), filepath.Join(dir, "job")
	writeFile(t, source, jobProgram)
	build := exec.Command("go", "build", "-trimpath", "-o", binary, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

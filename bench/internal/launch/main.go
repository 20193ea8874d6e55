// Command launch runs one program on given cores and writes what it used, as JSON,
// to file descriptor 3.
//
//	launch [-cpus 0,1] [-stdout FILE] -- PROGRAM ARGUMENTS...
//
// It exists because the kernel counts a child's peak memory from the moment of the
// fork, when the child still has its parent's pages: a program started by the suite
// itself would be charged with the suite's. This parent is as small as a Go program
// gets. It also pins itself, so that the child starts pinned, on machines that have
// no taskset.
//
// SIGTERM and SIGINT are passed on. Where the system can, the child dies with it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/pin"
	"github.com/flowc-dev/flowc/bench/internal/usage"
)

func main() {
	// Affinity and the death signal belong to the thread that forks.
	runtime.LockOSThread()
	cpus := flag.String("cpus", "", "cores to run on, such as 0,1 (default: any)")
	stdout := flag.String("stdout", "", "file for the program's output (default: pass it on)")
	flag.Parse()
	if err := run(*cpus, *stdout, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "launch:", err)
		os.Exit(1)
	}
}

func run(cpus, stdout string, argv []string) error {
	if len(argv) == 0 {
		return fmt.Errorf("no program")
	}
	if err := pin.Thread(cpus); err != nil {
		return err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if stdout != "" {
		f, err := os.Create(stdout)
		if err != nil {
			return err
		}
		defer f.Close()
		cmd.Stdout = f
	}
	dieWithParent(cmd)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)

	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s) // it may be gone already
		}
	}()
	err := cmd.Wait()
	wall := time.Since(begin)
	if cmd.ProcessState == nil {
		return err
	}
	u := usage.Of(cmd.ProcessState)
	u.Wall = wall
	report := os.NewFile(3, "report")
	if err := json.NewEncoder(report).Encode(u); err != nil {
		return err
	}
	return report.Close()
}

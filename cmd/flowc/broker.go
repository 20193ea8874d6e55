package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/local/live"
)

// edgesVariable has the URL of the broker that a trial brings.
const edgesVariable = "FLOWC_EDGES"

// buildBroker builds the program that carries records between processes on this machine.
func (a *app) buildBroker() (binary string, err error) {
	binary, err = a.buildOwn("broker", golang.EmitBroker)
	var told *exitError
	if err != nil && a.ctx.Err() == nil && !errors.As(err, &told) {
		return "", environment(fmt.Errorf("the broker for a trial can't be built:\n%w", err))
	}
	return binary, err
}

// buildOwn builds a program that is of flowc's own and none of a pipeline's: servers that
// flowc does not link.
func (a *app) buildOwn(name string, emit func(backends.Layout) ([]backends.File, error)) (binary string, err error) {
	l := backends.Layout{Package: "main", Path: "flowc.local/program", Version: version()}
	files, err := emit(l)
	if err != nil {
		return "", bug(err)
	}
	modules, err := golang.ModulesOf(files)
	if err != nil {
		return "", bug(err)
	}
	cache, err := a.cacheDir()
	if err != nil {
		return "", err
	}
	binary, _, err = build.Binary(a.ctx, build.Request{Name: name, Files: files, Layout: l, Modules: modules, CacheDir: cache, Downloading: a.downloading})
	return binary, err
}

// bringBroker starts a broker for the processes of a pipeline that runs in dir, until
// stop is called. What it keeps lies in store.
func (a *app) bringBroker(store, dir string, kill <-chan struct{}) (url string, stop func(), err error) {
	binary, err := a.buildBroker()
	if err != nil {
		return "", nil, err
	}
	port, err := unusedPort()
	if err != nil {
		return "", nil, environment(err)
	}
	if err := os.MkdirAll(store, 0o755); err != nil {
		return "", nil, environment(err)
	}
	group := live.Group{Stdout: a.stdout, Stderr: a.stderr, Processes: []live.Process{{
		Name: "broker", Binary: binary, Args: []string{"-port", strconv.Itoa(port), "-store", store}, Dir: dir, Env: os.Environ(), Grace: 10 * time.Second,
	}}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(a.ctx))
	go build.Keep(ctx, binary)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		group.Run(ctx, kill)
	}()
	stop = func() { cancel(); <-ended }
	if err := listening(port, ended); err != nil {
		stop()
		return "", nil, environment(err)
	}
	return fmt.Sprintf("nats://127.0.0.1:%d", port), stop, nil
}

// listening waits until somebody listens on a port of this machine, or has ended.
func listening(port int, ended <-chan struct{}) error {
	for range 600 {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return c.Close()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ended:
			return errors.New("the broker for the trial has ended, and says why above")
		}
	}
	return fmt.Errorf("the broker for the trial does not listen on port %d of this machine", port)
}

// unusedPort is a port of this machine that nobody listens on.
func unusedPort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

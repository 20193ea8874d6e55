package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/control/boltstore"
	"github.com/flowc-dev/flowc/runtime/control/server"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// serverCmd is `flowc server`.
type serverCmd struct {
	Address         string        `help:"Where it listens." default:"127.0.0.1" placeholder:"HOST"`
	Port            int           `help:"The port of gRPC; 0 takes a free one." default:"8080"`
	HTTPPort        string        `name:"http-port" help:"The port of the view over HTTP, with /metrics; 0 takes a free one, none has no view." default:"8081"`
	HeartbeatTTL    time.Duration `help:"A component without a heartbeat for so long is not healthy, and nobody is told of it." default:"30s"`
	JanitorInterval time.Duration `help:"How often those are looked for who are to be forgotten." default:"10s"`
	Forget          time.Duration `help:"After how long without a heartbeat a component is forgotten." default:"1h"`
	KeepRuns        time.Duration `help:"For how long the records of runs are kept that have ended; 0 is for ever." default:"168h"`
	DBPath          string        `name:"db-path" help:"The file that keeps what is known (default: flowc/control.db in the user's folder of states)." placeholder:"FILE"`
	NoPersistence   bool          `help:"Keep nothing when the server ends."`
	TLSCert         string        `name:"tls-cert" help:"The server's certificate, PEM." placeholder:"FILE"`
	TLSKey          string        `name:"tls-key" help:"The key of the certificate." placeholder:"FILE"`
	TLSCA           string        `name:"tls-ca" help:"The authority of the clients' certificates, which they must have then." placeholder:"FILE"`
	TokenFile       string        `help:"A file with the token that clients must show." placeholder:"FILE"`
}

// Run serves until it is stopped.
func (c *serverCmd) Run(a *app) error {
	o := server.Options{Address: net.JoinHostPort(c.Address, strconv.Itoa(c.Port)), Sweep: c.JanitorInterval, Log: slog.New(slog.NewTextHandler(a.stderr, nil))}
	if c.HTTPPort != "none" {
		if _, err := strconv.ParseUint(c.HTTPPort, 10, 16); err != nil {
			return usage(fmt.Errorf("--http-port: %q is no port, and not `none`", c.HTTPPort))
		}
		o.HTTP = net.JoinHostPort(c.Address, c.HTTPPort)
	}
	if err := c.secure(&o); err != nil {
		return err
	}
	if o.TLS == nil && o.Token == nil && !loopback(c.Address) {
		fmt.Fprintf(a.stderr, "flowc: warning: whoever reaches %s can register components, and see them: --tls-ca or --token-file say who may\n", o.Address)
	}
	registry := control.Options{TTL: c.HeartbeatTTL, Forget: c.Forget, KeepRuns: c.KeepRuns}
	kept := "in memory alone"
	if !c.NoPersistence {
		store, err := c.open()
		if err != nil {
			return err
		}
		defer store.Close()
		registry.Store, kept = store, "in "+c.DBPath
	}
	r, err := control.NewRegistry(registry)
	if err != nil {
		return environment(err)
	}
	defer r.Close()
	o.Registry = r
	s, err := server.Start(o)
	if err != nil {
		return environment(err)
	}
	fmt.Fprintf(a.stdout, "control plane: gRPC at %s, state %s, %d components known\n", s.Address, kept, len(r.Components(nil)))
	if s.HTTP != "" {
		scheme := "http"
		if o.TLS != nil {
			scheme = "https"
		}
		fmt.Fprintf(a.stdout, "view: %s://%s/v1/components, metrics at /metrics\n", scheme, s.HTTP)
	}
	err = s.Wait(a.ctx)
	s.Stop()
	if err != nil {
		return environment(err)
	}
	return nil
}

// open opens the file that keeps what is known.
func (c *serverCmd) open() (*boltstore.Store, error) {
	if c.DBPath == "" {
		folder := os.Getenv("XDG_STATE_HOME")
		if folder == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return nil, environment(fmt.Errorf("%w: name a file with --db-path, or take --no-persistence", err))
			}
			folder = filepath.Join(home, ".local", "state")
		}
		c.DBPath = filepath.Join(folder, "flowc", "control.db")
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	store, err := boltstore.Open(c.DBPath, fmt.Sprintf("process %d of %s, a control plane at %s", os.Getpid(), host, net.JoinHostPort(c.Address, strconv.Itoa(c.Port))))
	var held *boltstore.HeldError
	switch {
	case errors.As(err, &held):
		return nil, environment(fmt.Errorf("%w: stop it, or name another file with --db-path", held))
	case errors.Is(err, fs.ErrPermission):
		return nil, environment(fmt.Errorf("%w: name another file with --db-path, or take --no-persistence", err))
	case err != nil:
		return nil, environment(err)
	}
	return store, nil
}

// secure is who may speak to the server.
func (c *serverCmd) secure(o *server.Options) (err error) {
	if (c.TLSCert == "") != (c.TLSKey == "") || c.TLSCA != "" && c.TLSCert == "" {
		return usage(errors.New("--tls-cert and --tls-key belong together, and --tls-ca to them"))
	}
	if c.TLSCert != "" {
		if o.TLS, err = server.OpenCertificates(c.TLSCert, c.TLSKey, c.TLSCA); err != nil {
			return environment(err)
		}
	}
	if c.TokenFile != "" {
		token, err := fresh.Open(func(texts [][]byte) ([]byte, error) {
			if text := bytes.TrimSpace(texts[0]); len(text) > 0 {
				return text, nil
			}
			return nil, errors.New("there is no token in it")
		}, c.TokenFile)
		if err != nil {
			return environment(err)
		}
		o.Token = token.Get
	}
	return nil
}

// loopback tells whether an address is reached from this machine alone.
func loopback(address string) bool {
	ip := net.ParseIP(address)
	return address == "localhost" || ip != nil && ip.IsLoopback()
}

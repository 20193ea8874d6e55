// Package broker is a server of NATS for a pipeline that runs in several processes on
// one machine, for a trial. A program of its own has it, which is built when it is asked
// for: neither the compiler nor a pipeline links it.
package broker

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Run is the work of a broker: it serves on the port of 127.0.0.1 that -port names in
// args, keeps streams in the folder -store, and returns at a signal.
func Run(args []string) error {
	f := flag.NewFlagSet("broker", flag.ContinueOnError)
	port := f.Int("port", 0, "the port of 127.0.0.1 to listen on")
	store := f.String("store", "", "the folder for streams")
	if err := f.Parse(args); err != nil {
		return err
	}
	return serve(*port, *store)
}

// maxStore is no limit, in bytes: edges set aside the most that they may hold, which is
// more than a small disk has, and use little of it.
const maxStore = 1 << 40

func serve(port int, store string) error {
	if port == 0 || store == "" {
		return errors.New("give -port and -store")
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, JetStreamMaxStore: maxStore, StoreDir: store, NoSigs: true, NoLog: true})
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		return fmt.Errorf("the server does not listen on 127.0.0.1:%d", port)
	}
	<-signals
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

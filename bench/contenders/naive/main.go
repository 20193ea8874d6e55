// Command naive does the workloads the way Go is often written first: a goroutine
// for every stage, a channel between two of them, one event a send, encoding/json
// into structs that have all fields.
//
//	naive WORKLOAD INPUT OUTPUT...
//	naive W6 ADDRESS OUTPUT
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "naive:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: naive WORKLOAD INPUT OUTPUT [OUTPUT...]")
	}
	workload, input, outputs := args[0], args[1], args[2:]
	var p pipeline
	switch workload {
	case "W1-text":
		write(&p, read(&p, input), outputs[0])
	case "W1-typed":
		pass(&p, input, outputs[0])
	case "W2":
		payments(&p, input, outputs[0])
	case "W3":
		entries(&p, input, outputs)
	case "W4":
		minutes(&p, input, outputs[0])
	case "W6":
		return serve(input, outputs[0])
	default:
		return fmt.Errorf("no workload %q", workload)
	}
	return p.wait()
}

//go:build goexperiment.jsonv2

// Command jsonv2 does the workloads in one fused loop with encoding/json/v2, into
// structs that have only the fields which are read.
//
//	GOEXPERIMENT=jsonv2 go build, then: jsonv2 WORKLOAD INPUT OUTPUT...
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/flowc-dev/flowc/bench/contenders/chunks"
	"github.com/flowc-dev/flowc/bench/contenders/minutes"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "jsonv2:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: jsonv2 WORKLOAD INPUT OUTPUT [OUTPUT...]")
	}
	workload, input, outputs := args[0], args[1], args[2:]
	switch workload {
	case "W1-typed":
		return chunks.Run(input, outputs, func() chunks.Process { return check })
	case "W2":
		return chunks.Run(input, outputs, func() chunks.Process { return payments })
	case "W3":
		return chunks.Run(input, outputs, func() chunks.Process { return entries })
	case "W4":
		var all []*minutes.Totals
		err := chunks.Run(input, nil, func() chunks.Process {
			t := new(minutes.Totals)
			all = append(all, t)
			return func(lines []byte, _ [][]byte) error { return total(t, lines) }
		})
		if err != nil {
			return err
		}
		return minutes.Write(outputs[0], all)
	}
	return fmt.Errorf("no workload %q", workload)
}

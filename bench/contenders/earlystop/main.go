// Command earlystop does the workloads with a scanner written by hand that leaves
// a line as soon as it has what it needs. What follows in the line is not looked
// at, so a broken line may pass: the price of this speed.
//
//	earlystop WORKLOAD INPUT OUTPUT...
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/flowc-dev/flowc/bench/contenders/chunks"
	"github.com/flowc-dev/flowc/bench/contenders/minutes"
	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "earlystop:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: earlystop WORKLOAD INPUT OUTPUT [OUTPUT...]")
	}
	workload, input, outputs := args[0], args[1], args[2:]
	switch workload {
	case "W2":
		return chunks.Run(input, outputs, func() chunks.Process { return scan.NewEarlyPayments().Process })
	case "W3":
		return chunks.Run(input, outputs, func() chunks.Process { return scan.NewEarlyEntries().Process })
	case "W4":
		var all []*minutes.Totals
		err := chunks.Run(input, nil, func() chunks.Process {
			p := scan.NewEarlyMinutes()
			all = append(all, &p.Totals)
			return p.Process
		})
		if err != nil {
			return err
		}
		return minutes.Write(outputs[0], all)
	}
	return fmt.Errorf("no workload %q", workload)
}

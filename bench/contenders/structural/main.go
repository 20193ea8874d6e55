// Command structural does the workloads with a scanner written by hand that
// walks every line to its end. It is what the compiler's programs are measured
// against.
//
//	structural WORKLOAD INPUT OUTPUT...
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
		fmt.Fprintln(os.Stderr, "structural:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: structural WORKLOAD INPUT OUTPUT [OUTPUT...]")
	}
	workload, input, outputs := args[0], args[1], args[2:]
	switch workload {
	case "W1-text":
		return chunks.Run(input, outputs, func() chunks.Process { return new(scan.Lines).Process })
	case "W1-typed":
		return chunks.Run(input, outputs, func() chunks.Process { return scan.NewPass().Process })
	case "W2":
		return chunks.Run(input, outputs, func() chunks.Process { return scan.NewPayments().Process })
	case "W2-unlearned":
		return chunks.Run(input, outputs, func() chunks.Process { return scan.NewForgetfulPayments().Process })
	case "W3":
		return chunks.Run(input, outputs, func() chunks.Process { return scan.NewEntries().Process })
	case "W4":
		var all []*minutes.Totals
		err := chunks.Run(input, nil, func() chunks.Process {
			p := scan.NewMinutes()
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

package file

import (
	"fmt"
	"strings"
)

// noPartition is the value of a partition that has none, as Hive calls it.
const noPartition = "__HIVE_DEFAULT_PARTITION__"

// Partition is a value of a record as a part of a folder's name behind `name=`, as
// Hive writes it and others read it: what would be more than a part of a name, or
// mean something else there, is percent-encoded. An empty value has a name of its
// own.
func Partition(value string) string {
	if value == "" {
		return noPartition
	}
	special := func(c byte) bool { return c < ' ' || c == 0x7f || strings.IndexByte(`"#%'*/:=?\{[]^`, c) >= 0 }
	from := 0
	for from < len(value) && !special(value[from]) {
		from++
	}
	if from == len(value) {
		return value
	}
	out := []byte(value[:from])
	for i := from; i < len(value); i++ {
		if c := value[i]; special(c) {
			out = fmt.Appendf(out, "%%%02X", c)
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

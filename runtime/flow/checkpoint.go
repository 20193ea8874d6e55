package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// A Checkpoint is how far a program has got: behind the sources' positions
// nothing is missing in the sinks, and the sinks hold nothing from before their
// states that is not whole. Everything in it goes by the names of YAML nodes.
type Checkpoint struct {
	Pipeline string `json:"pipeline"`
	// Hash is that of the pipeline that wrote it, Shape the sources and sinks
	// that it had: state of another shape is not used.
	Hash  string   `json:"hash"`
	Shape []string `json:"shape"`
	// Generation grows with every checkpoint of a program's state.
	Generation uint64    `json:"-"`
	Time       time.Time `json:"time"`
	// Complete tells that all input was handled and only the sinks' end was
	// missing. That of a Joined process stays for good.
	Complete bool `json:"complete,omitempty"`
	// Run names the run that wrote it, where that is in cells: no two write the same.
	Run string `json:"run,omitempty"`
	// Forgotten tells that there is none: what went before is not to be gone on with,
	// and its numbers do not begin anew.
	Forgotten bool `json:"forgotten,omitempty"`

	Sources map[string]SourceState     `json:"sources"`
	Sinks   map[string]json.RawMessage `json:"sinks,omitempty"`
	// Replayed tells that a replay of dead letters wrote it.
	Replayed *Replayed `json:"replayed,omitempty"`
	// Nodes has room for the keyed state and timers of processors.
	Nodes map[string]NodeState `json:"nodes,omitempty"`
}

// Replayed is what a replay of dead letters adds to a checkpoint.
type Replayed struct {
	// Letters are those of which all that came is in the sinks, as far as the index
	// of replayed letters may not have them yet.
	Letters []string `json:"letters,omitempty"`
	// Alone tells that there was no checkpoint to go on from: a run begins anew.
	Alone bool `json:"alone,omitempty"`
}

// A SourceState is a source in a checkpoint.
type SourceState struct {
	Splits map[string]SplitState `json:"splits"`
}

// A SplitState is the source's own position in a split, and how many records and
// lines lie before it.
type SplitState struct {
	Position json.RawMessage `json:"position"`
	Records  int64           `json:"records"`
	Lines    int64           `json:"lines"`
}

// A NodeState is a processor in a checkpoint.
type NodeState struct {
	State  json.RawMessage `json:"state,omitempty"`
	Timers json.RawMessage `json:"timers,omitempty"`
}

// The file is one line of text, which says what follows and checks it, and JSON.
const (
	checkpointMagic   = "flowc-checkpoint"
	checkpointVersion = 1
	checkpointLimit   = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode gives the file's content.
func (c *Checkpoint) encode() ([]byte, error) {
	body, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return nil, err
	}
	body = append(body, '\n')
	return append(header(c.Generation, body), body...), nil
}

// header says the version, the generation, the length of the body, and the
// check sum of all that and the body.
func header(generation uint64, body []byte) []byte {
	line := fmt.Sprintf("%s %d generation %d bytes %d crc32c ", checkpointMagic, checkpointVersion, generation, len(body))
	sum := crc32.Update(crc32.Checksum([]byte(line), castagnoli), castagnoli, body)
	return fmt.Appendf(nil, "%s%08x\n", line, sum)
}

// decodeCheckpoint reads a file's content. Its errors say what is wrong with it.
func decodeCheckpoint(data []byte) (*Checkpoint, error) {
	generation, body, err := splitHeader(data)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(header(generation, body), data[:len(data)-len(body)]) {
		return nil, fmt.Errorf("the check sum is wrong: the file is damaged")
	}
	c := &Checkpoint{Generation: generation}
	if err := json.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("the content is no checkpoint: %w", err)
	}
	return c, nil
}

// splitHeader takes the first line apart.
func splitHeader(data []byte) (generation uint64, body []byte, err error) {
	line, body, found := bytes.Cut(data, []byte{'\n'})
	if len(line) > 200 {
		line, found = line[:200], false
	}
	fields := strings.Fields(string(line))
	if len(fields) < 2 || fields[0] != checkpointMagic {
		if len(data) == 0 {
			return 0, nil, fmt.Errorf("the file is empty")
		}
		return 0, nil, fmt.Errorf("this is no checkpoint")
	}
	version, err := strconv.Atoi(fields[1])
	if err != nil || version < 1 {
		return 0, nil, fmt.Errorf("this is no checkpoint")
	}
	if version > checkpointVersion {
		return 0, nil, fmt.Errorf("it has version %d, and this program reads up to %d: a newer one wrote it, so build this one with a newer flowc", version, checkpointVersion)
	}
	if !found || len(fields) != 8 {
		return 0, nil, fmt.Errorf("its first line is cut off")
	}
	generation, err = strconv.ParseUint(fields[3], 10, 64)
	if err != nil {
		return 0, nil, fmt.Errorf("its generation is no number")
	}
	if size, err := strconv.Atoi(fields[5]); err != nil || size != len(body) {
		return 0, nil, fmt.Errorf("it has %d bytes of content and should have %s: it is torn", len(body), fields[5])
	}
	return generation, body, nil
}

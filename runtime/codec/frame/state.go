package frame

import "fmt"

// State says where in the stream the framer stands, as a small number to be
// kept with the position of the bytes that come next.
func (f *JSONValues) State() int { return int(f.state) }

// Resume makes a framer go on where another one stood.
func (f *JSONValues) Resume(state int) error {
	if state < int(betweenValues) || state > int(behindComma) {
		return fmt.Errorf("there is no state %d in a stream of JSON values", state)
	}
	f.state = jsonState(state)
	return nil
}

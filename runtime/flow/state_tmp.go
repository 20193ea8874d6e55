package flow

type (
	batchState struct{}
	outState   struct{}
	laneState  struct{}
)

func (l *Lane) fail(node int, err error, input []byte) bool { return true }
func (l *Lane) again(node, attempt int, err error) bool     { return false }
func (l *Lane) mark()                                       {}
func (l *Lane) origin(o *Out)                               {}

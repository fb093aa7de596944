package console

// showStart is the first page.
func (c *Console) showStart(r *request) (answer, error) {
	return view("Overview", startView()), nil
}

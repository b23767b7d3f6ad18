"""Values of the tax room: rules by fiscal year, statements of income, assessments, events."""

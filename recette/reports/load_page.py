def render(report, lang): return ""

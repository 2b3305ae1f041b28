"""Logging in to the pages, for users who are no staff too, and out again."""

from django.contrib.auth.views import LoginView, LogoutView

from quotes.pages.frame import Page, show
from sources.admin.login import LoginForm


class LogIn(LoginView):
    authentication_form = LoginForm
    template_name = "pages/login.html"
    next_page = "pages:home"

    def get_context_data(self, **context):
        return super().get_context_data(page=Page("Log in", is_indexed=False), **context)


class LogOut(LogoutView):
    """Asks on GET, logs out on POST: so no other page needs a form with a CSRF token."""

    http_method_names = ("get", "head", "post", "options")
    next_page = "pages:home"

    def get(self, request):
        return show(request, "pages/logout.html", Page("Log out", is_indexed=False), {})

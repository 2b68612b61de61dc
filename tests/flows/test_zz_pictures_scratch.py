import re, time, pytest, sys
from pathlib import Path
from tests.flows.test_main_job import *
from tests.flows import test_main_job as m
from tests.flows.people import *
from tests.chaos.scene import Company
OUT=Path("/tmp/pictures"); OUT.mkdir(exist_ok=True)
pytestmark=pytest.mark.flow
def shot(page, name, full=True):
    page.wait_for_timeout(300)
    page.screenshot(path=OUT/f"{name}.png", full_page=full)
def test_pictures(stack, page, browser, tmp_path):
    page.set_viewport_size({"width":1200,"height":800})
    page.goto(stack.url); shot(page,"00-connect")
    page.goto(f"{stack.ports.crm_url}/v2/location/demo-location/apps"); shot(page,"01-crm-apps")
    install_from_the_crm(page, stack); shot(page,"02-courses-first")
    admin = in_a_tab(page, stack)
    admin.open("Settings"); shot(page,"03-settings")
    connect_scorm_cloud(admin); shot(page,"04-connected")
    provision_objects(admin); shot(page,"05-objects")
    upload_a_broken_package(admin); shot(page,"06-broken")
    page.get_by_role("link", name=re.compile("holiday")).click(); page.wait_for_timeout(500); shot(page,"07-broken-course")
    admin.open("Courses")
    upload(admin, fire_safety(tmp_path)); shot(page,"08-course")
    name = enroll(admin,"mar"); shot(page,"09-enrolled")
    player = launch(admin,name)
    course = player.frame_locator("#place iframe"); expect(course.locator("h1:visible")).to_be_visible(); shot(player,"10-player", False)
    play_to_the_end(player); expect(player.get_by_role("heading", name="Your progress is saved")).to_be_visible(); shot(player,"11-exit")
    see_the_result(admin,player,name); shot(page,"12-course-completed")
    page.set_viewport_size({"width":375,"height":740}); shot(page,"13-course-phone")
    page.set_viewport_size({"width":1200,"height":800})
    link = page.locator("#self-enrollment-link").input_value()
    page.locator("#learners tbody tr").first.locator("summary").click(); page.wait_for_timeout(300); shot(page,"14-row-menu", False)
    page.get_by_role("link", name="Details").click(); page.wait_for_timeout(600); shot(page,"15-learner")
    page.go_back(); page.wait_for_timeout(500)
    page.locator(".page-header summary, header summary, summary").first.click(); shot(page,"16-course-menu", False)
    page.keyboard.press("Escape")
    admin.open("Reports"); shot(page,"17-reports")
    page.set_viewport_size({"width":375,"height":740}); shot(page,"18-reports-phone")
    page.set_viewport_size({"width":1200,"height":800})
    page.get_by_role("link", name="Activity").first.click(); page.wait_for_timeout(600); shot(page,"19-activity")
    admin.open("Settings")
    for i,t in enumerate(["Branding","Account Mode","CRM Integration"]):
        page.get_by_role("link", name=t).first.click(); page.wait_for_timeout(500); shot(page,f"2{i}-{t.replace(' ','-').lower()}")
    page.goto(f"{stack.ports.crm_url}/v2/location/demo-location/contacts?query={name}"); page.get_by_role("link", name=name).first.click(); page.wait_for_timeout(500); shot(page,"24-crm-contact")
    frame = in_the_frame(page, stack); expect(frame.view.get_by_role("heading", name="Courses", level=1)).to_be_visible(); shot(page,"25-frame")
    c2 = browser.new_context(viewport={"width":375,"height":740}); p = c2.new_page(); p.goto(link); shot(p,"26-enroll-phone")
    p.get_by_role("button", name="Enroll").click(); p.wait_for_timeout(800); shot(p,"27-enroll-errors")
    p.get_by_label("First name").fill("Noor"); p.get_by_label("Last name").fill("Haddad"); p.get_by_label("E-mail").fill("noor@example.com"); p.get_by_role("button", name="Enroll").click(); p.get_by_role("button", name="Start the course").wait_for(); shot(p,"28-continue")
    c3 = browser.new_context(viewport={"width":1200,"height":800}, color_scheme="dark"); p=c3.new_page(); p.goto(link); shot(p,"29-enroll-dark")
    c2.close(); c3.close()

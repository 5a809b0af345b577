@consent_required @permitted_sites
Feature: Consent
  The policy requires that a subscriber has agreed before a permitted site may know the number.

  Rule: Without the subscriber's consent no site learns the number

    Example: A subscriber who has not agreed stays unknown to permitted sites
      Given subscribers who have not agreed
      When they visit the permitted sites
      Then no site has received anything that tells who is calling

    Example: A subscriber who has not agreed stays unknown to ordinary sites
      Given subscribers who have not agreed
      When they visit ordinary sites
      Then no site has received anything that tells who is calling

    Example: Consent that is withdrawn counts at once
      Given subscribers who have agreed that permitted sites may know their numbers
      When some of them withdraw their consent and visit the permitted sites
      Then no site has received anything that tells who is calling

    Example: A handset cannot agree in its subscriber's place
      Given subscribers who have not agreed
      When their handsets claim that they have agreed
      Then no site has received anything that tells who is calling
